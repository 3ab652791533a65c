<?php
/**
 * What the owner has to tell visitors. The plugin itself keeps nothing about anybody, so it has
 * nothing to export or to erase.
 *
 * @package Chatbot_Server
 */

namespace Chatbot_Server;

defined( 'ABSPATH' ) || exit;

/** A text for the privacy policy, offered in its guide. */
function add_policy_text(): void {
	$host = is_set_up() ? (string) wp_parse_url( settings()['address'], PHP_URL_HOST ) : 'chat.example.org';
	/* translators: %s: host name of the chatbot server. */
	$text  = sprintf( __( 'This site has a chatbot. Its program comes from our own server %s, which sees the internet address of your browser as any web server does.', 'chatbot-server' ), $host );
	$text .= ' ' . __( 'If you ask a question, the question, the language and the address of the page you are on are sent there, and a program on that server answers. No cookie is set; your browser keeps the conversation until you close the tab.', 'chatbot-server' );
	$text .= ' ' . __( 'You can delete the conversation in the chat, or ask that it is not kept. How long other conversations are kept is written in the chat, under “Where does my question go?”.', 'chatbot-server' );
	wp_add_privacy_policy_content( __( 'Chatbot Server', 'chatbot-server' ), '<p class="privacy-policy-tutorial">' . esc_html__( 'Your chatbot server has a longer text, made of your settings there: see “Privacy” on its owner’s pages.', 'chatbot-server' ) . '</p><p>' . esc_html( $text ) . '</p>' );
}

add_action( 'admin_init', __NAMESPACE__ . '\\add_policy_text' );
add_filter( 'wp_consent_api_registered_' . plugin_basename( PLUGIN_FILE ), '__return_true' );
