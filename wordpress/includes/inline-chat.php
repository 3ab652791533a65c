<?php
/**
 * A chat in the text of a page: the block “Chatbot” and the shortcode [chatbot_server].
 *
 * @package Chatbot_Server
 */

namespace Chatbot_Server;

defined( 'ABSPATH' ) || exit;

const INLINE_ID = 'chatbot-server-chat';

/** The block and the shortcode. */
function register_inline_chat(): void {
	add_shortcode( 'chatbot_server', __NAMESPACE__ . '\\render_inline_chat' );
	wp_register_script( 'chatbot-server-block', plugins_url( 'assets/block.js', PLUGIN_FILE ), array( 'wp-blocks', 'wp-block-editor', 'wp-element' ), VERSION, true );
	register_block_type(
		'chatbot-server/chat',
		array(
			'api_version'           => 3,
			'title'                 => __( 'Chatbot', 'chatbot-server' ),
			'description'           => __( 'Your chatbot in the text of the page, instead of the bubble.', 'chatbot-server' ),
			'category'              => 'widgets',
			'icon'                  => 'format-chat',
			'supports'              => array(
				'html'     => false,
				'multiple' => false,
			),
			'editor_script_handles' => array( 'chatbot-server-block' ),
			'render_callback'       => __NAMESPACE__ . '\\render_inline_chat',
		)
	);
}

/**
 * The place of the chat; empty where it already stands on the page, or where there is no visitor.
 */
function render_inline_chat(): string {
	if ( ! is_set_up() || is_chat_in_text() || is_admin() || is_feed() || wp_doing_cron() || defined( 'REST_REQUEST' ) ) {
		return '';
	}
	is_chat_in_text( true );
	enqueue_widget();
	$link = sprintf( '<a href="%s">%s</a>', esc_url( settings()['address'] . '/chat/' . settings()['key'] ), esc_html__( 'Ask your question', 'chatbot-server' ) );
	return sprintf( '<div id="%s"><noscript>%s</noscript></div>', esc_attr( INLINE_ID ), $link );
}

/**
 * Whether the page that is being made has a chat in its text. The widget is there once, so such a
 * page has no bubble.
 *
 * @param bool $now True from now on.
 */
function is_chat_in_text( bool $now = false ): bool {
	static $is_there = false;
	$is_there        = $is_there || $now;
	return $is_there;
}

add_action( 'init', __NAMESPACE__ . '\\register_inline_chat' );
