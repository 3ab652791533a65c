<?php
/**
 * What the server has, what waits and what it refused, on the settings page.
 *
 * @package Chatbot_Server
 */

namespace Chatbot_Server;

defined( 'ABSPATH' ) || exit;

const SEND_NONCE     = 'chatbot_server_send_all';
const SHOWN_REFUSALS = 20;

/** The last part of the settings page. */
function render_sending(): void {
	if ( ! is_sending() ) {
		return;
	}
	echo '<h2>' . esc_html__( 'Pages on the chatbot server', 'chatbot-server' ) . '</h2>';
	printf( '<div id="chatbot-server-sending" role="status" data-url="%s" data-nonce="%s">', esc_url( admin_url( 'admin-ajax.php' ) ), esc_attr( wp_create_nonce( SEND_NONCE ) ) );
	render_sending_status();
	echo '</div>';
	printf( '<form method="post" action="%s" id="chatbot-server-send-all">', esc_url( admin_url( 'admin-post.php' ) ) );
	wp_nonce_field( SEND_NONCE );
	echo '<input type="hidden" name="action" value="chatbot_server_send_all">';
	submit_button( __( 'Send everything now', 'chatbot-server' ), 'secondary', 'submit', false );
	echo '</form>';
}

/** How many pages are sent and wait, and what is wrong. */
function render_sending_status(): void {
	$pause   = get_option( PAUSE, array() );
	$waiting = count_waiting_pages();
	/* translators: %s: number of pages. */
	$sentence = sprintf( _n( 'The server has %s page of this site.', 'The server has %s pages of this site.', count_sent_pages(), 'chatbot-server' ), number_format_i18n( count_sent_pages() ) );
	if ( $waiting ) {
		/* translators: %s: number of pages. */
		$sentence .= ' ' . sprintf( _n( '%s page is waiting to be sent.', '%s pages are waiting to be sent.', $waiting, 'chatbot-server' ), number_format_i18n( $waiting ) );
	}
	printf( '<p data-waiting="%d">%s</p>', (int) ( $pause ? 0 : $waiting ), esc_html( $sentence ) );
	if ( $pause ) {
		/* translators: %s: a time of day. */
		$next = sprintf( __( 'Sending is tried again at %s.', 'chatbot-server' ), wp_date( get_option( 'time_format' ), $pause['until'] ) );
		wp_admin_notice(
			esc_html( $pause['problem'] . ' ' . $next ),
			array(
				'type'               => 'warning',
				'additional_classes' => array( 'inline' ),
			)
		);
	}
	render_refusals();
}

/** The pages that the server refused, and why. */
function render_refusals(): void {
	$refused = array_slice( due_pages( true ), 0, SHOWN_REFUSALS, true );
	if ( ! $refused ) {
		return;
	}
	echo '<p>' . esc_html__( 'These pages were not taken. They are sent again when they are changed.', 'chatbot-server' ) . '</p><ul class="ul-disc">';
	foreach ( $refused as $post_id => $due ) {
		printf( '<li><a href="%s">%s</a>: %s</li>', esc_url( (string) get_edit_post_link( $post_id ) ), esc_html( get_the_title( $post_id ) ), esc_html( $due['problem'] ) );
	}
	echo '</ul>';
}

/** “Send everything now”. */
function handle_send_all(): void {
	check_admin_referer( SEND_NONCE );
	if ( current_user_can( 'manage_options' ) ) {
		delete_option( PAUSE );
		begin_sweep();
		send_due_pages( REQUEST_BUDGET );
	}
	wp_safe_redirect( settings_url() );
	exit;
}

/** Sends some more pages while the owner looks on. */
function handle_send_more(): void {
	check_ajax_referer( SEND_NONCE );
	if ( current_user_can( 'manage_options' ) ) {
		send_due_pages( REQUEST_BUDGET );
		render_sending_status();
	}
	wp_die();
}

add_action( 'admin_post_chatbot_server_send_all', __NAMESPACE__ . '\\handle_send_all' );
add_action( 'wp_ajax_chatbot_server_send_more', __NAMESPACE__ . '\\handle_send_more' );
