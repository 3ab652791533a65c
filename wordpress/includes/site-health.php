<?php
/**
 * A test on the page Tools › Site Health.
 *
 * @package Chatbot_Server
 */

namespace Chatbot_Server;

defined( 'ABSPATH' ) || exit;

const HEALTH_TEST = 'chatbot_server';

/**
 * Adds the test, which the page calls by itself: a server that does not answer keeps nobody waiting.
 *
 * @param array<string, array<string, mixed>> $tests Of Site Health.
 * @return array<string, array<string, mixed>>
 */
function add_health_test( $tests ) {
	if ( is_set_up() ) {
		$tests['async'][ HEALTH_TEST ] = array(
			'label'             => __( 'Chatbot Server', 'chatbot-server' ),
			'test'              => HEALTH_TEST,
			'async_direct_test' => __NAMESPACE__ . '\\health_result',
		);
	}
	return $tests;
}

/**
 * The result, as Site Health shows it.
 *
 * @return array<string, mixed>
 */
function health_result(): array {
	$check   = check_connection();
	$pause   = get_option( PAUSE, array() );
	$problem = '' !== $check['problem'] ? $check['problem'] : ( $pause['problem'] ?? '' );
	$good    = __( 'The chatbot server answers, and accepts this site.', 'chatbot-server' );
	return array(
		'test'        => HEALTH_TEST,
		'label'       => '' === $problem ? __( 'The chatbot works on this site', 'chatbot-server' ) : __( 'The chatbot does not work on this site', 'chatbot-server' ),
		'status'      => '' === $problem ? 'good' : 'recommended',
		'badge'       => array(
			'label' => __( 'Chatbot Server', 'chatbot-server' ),
			'color' => 'blue',
		),
		'description' => '<p>' . esc_html( '' === $problem ? $good : $problem ) . '</p>',
		'actions'     => sprintf( '<p><a href="%s">%s</a></p>', esc_url( admin_url( 'options-general.php?page=chatbot-server' ) ), esc_html__( 'Settings of the chatbot', 'chatbot-server' ) ),
	);
}

/** Answers the page's call. */
function handle_health_test(): void {
	check_ajax_referer( 'health-check-site-status' );
	if ( current_user_can( 'view_site_health_checks' ) ) {
		wp_send_json_success( health_result() );
	}
	wp_send_json_error();
}

add_filter( 'site_status_tests', __NAMESPACE__ . '\\add_health_test' );
add_action( 'wp_ajax_health-check-chatbot-server', __NAMESPACE__ . '\\handle_health_test' );
