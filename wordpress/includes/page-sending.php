<?php
/**
 * Tells the server of pages that were published, changed or taken away.
 *
 * A change is noted at once, and sent at the end of the request that made it. What could not be
 * sent is tried again later, for as long as it takes.
 *
 * @package Chatbot_Server
 */

namespace Chatbot_Server;

defined( 'ABSPATH' ) || exit;

// When the server did not take pages: since how many tries, until when it is left alone, and why.
const PAUSE          = 'chatbot_server_pause';
const RETRY_HOOK     = 'chatbot_server_send';
const RETRY_MINUTES  = array( 1, 5, 15, 60 );
const LOCK_SECONDS   = 120;
const REQUEST_BUDGET = 5;
const RETRY_BUDGET   = 20;

/** Whether pages are sent at all. */
function is_sending(): bool {
	return is_set_up() && settings()['send_pages'] && '' !== settings()['push_secret'];
}

/**
 * A page was published, changed, made private, put into the bin, or taken out of it.
 *
 * @param string   $now    Its status.
 * @param string   $before The one before.
 * @param \WP_Post $post   The page.
 */
function note_change( $now, $before, $post ): void {
	$is_published = 'publish' === $now && in_array( $post->post_type, settings()['post_types'], true );
	if ( is_sending() && ( $is_published || get_post_meta( $post->ID, SENT_URL, true ) ) ) {
		add_due_page( $post->ID );
		send_at_end_of_request();
	}
}

/**
 * A page is about to be deleted for good.
 *
 * @param int $post_id Its number.
 */
function note_deletion( $post_id ): void {
	$url = get_post_meta( $post_id, SENT_URL, true );
	if ( is_sending() && $url ) {
		add_due_page( $post_id, $url );
		send_at_end_of_request();
	}
}

/**
 * The server, the site or the kinds of pages have changed: all is sent again.
 *
 * @param mixed $before Settings.
 * @param mixed $now    Settings.
 */
function note_settings( $before, $now ): void {
	$names = array_flip( array( 'address', 'key', 'send_pages', 'push_secret', 'post_types' ) );
	delete_option( PAUSE );
	if ( is_sending() && array_intersect_key( (array) $before, $names ) !== array_intersect_key( (array) $now, $names ) ) {
		send_everything();
	}
}

/** Sends all pages again: at the end of this request, and in the background. */
function send_everything(): void {
	if ( is_sending() ) {
		begin_sweep();
		send_at_end_of_request();
	}
}

/** Sends what is due once this request is answered; what does not get ready goes on by itself. */
function send_at_end_of_request(): void {
	if ( ! has_action( 'shutdown', __NAMESPACE__ . '\\finish_request' ) ) {
		add_action( 'shutdown', __NAMESPACE__ . '\\finish_request', 1000 );
	}
}

/** The end of a request in which pages were changed. */
function finish_request(): void {
	if ( function_exists( 'fastcgi_finish_request' ) ) {
		fastcgi_finish_request(); // Whoever saved does not wait for the chatbot server.
	}
	send_due_pages( REQUEST_BUDGET );
}

/**
 * Sends what is due. If something is left, it is tried again in a while.
 *
 * @param int $seconds No page is begun later.
 */
function send_due_pages( int $seconds = RETRY_BUDGET ): void {
	if ( ! is_sending() ) {
		return;
	}
	require_once ABSPATH . 'wp-admin/includes/class-wp-upgrader.php';
	$pause = get_option( PAUSE, array( 'until' => 0 ) );
	if ( $pause['until'] <= time() && \WP_Upgrader::create_lock( 'chatbot_server', LOCK_SECONDS ) ) {
		try {
			send_until( time() + $seconds );
		} finally {
			\WP_Upgrader::release_lock( 'chatbot_server' );
		}
	}
	if ( ! wp_next_scheduled( RETRY_HOOK ) && count_waiting_pages() > 0 ) {
		$pause = get_option( PAUSE, array( 'until' => 0 ) );
		wp_schedule_single_event( max( $pause['until'], time() + 5 ), RETRY_HOOK );
	}
}

/**
 * Sends page after page, until none is left, the time is over, or the server takes none.
 *
 * @param int $deadline In Unix seconds.
 */
function send_until( int $deadline ): void {
	do {
		foreach ( due_pages() as $post_id => $due ) {
			if ( time() >= $deadline || ! send_page( $post_id, $due ) ) {
				return;
			}
		}
	} while ( continue_sweep() || due_pages() );
}

/**
 * Tells the server of one page.
 *
 * @param int                                                $post_id Its number.
 * @param array{url: string, problem: string, token: string} $due     What is known of it.
 * @return bool False if the server takes no page now.
 */
function send_page( int $post_id, array $due ): bool {
	$post   = get_post( $post_id );
	$former = array_unique( array_filter( array( $due['url'], (string) get_post_meta( $post_id, SENT_URL, true ) ) ) );
	$url    = is_sendable( $post ) ? (string) get_permalink( $post ) : '';
	try {
		$messages = messages_about( $post_id, $url, $former );
	} catch ( \Throwable $error ) {
		/* translators: %s: technical message. */
		settle_due_page( $post_id, $due, sprintf( __( 'WordPress could not make the page: %s', 'chatbot-server' ), $error->getMessage() ) );
		return true;
	}
	foreach ( $messages as $message ) {
		$answer = call_server( push_path(), signed_request( (string) wp_json_encode( $message ) ) );
		if ( in_array( $answer['status'], array( 400, 413 ), true ) ) {
			settle_due_page( $post_id, $due, $answer['problem'] );
			return true;
		}
		if ( '' === $answer['problem'] && 'outdated' === $answer['data']['status'] ) {
			$answer['problem'] = __( 'The chatbot server has a newer message about this page: the clock of this site’s server was put back.', 'chatbot-server' );
		}
		if ( '' !== $answer['problem'] ) {
			pause_sending( $answer['problem'] );
			return false;
		}
	}
	delete_option( PAUSE );
	note_sent( $post, $url, $former );
	settle_due_page( $post_id, $due );
	return true;
}

/**
 * What the server has to be told of a page.
 *
 * @param int      $post_id Its number.
 * @param string   $url     Where visitors read it; empty if they may not.
 * @param string[] $former  Where the server has it.
 * @return array<int, array<string, mixed>>
 * @throws \Throwable As page_html() does.
 */
function messages_about( int $post_id, string $url, array $former ): array {
	$messages = array();
	if ( '' !== $url ) {
		$messages[] = array(
			'url'  => $url,
			'html' => page_html( get_post( $post_id ) ),
		);
	}
	foreach ( array_diff( $former, array( $url ) ) as $former_url ) {
		if ( ! has_other_page( $former_url, $post_id ) ) {
			$messages[] = array(
				'url'     => $former_url,
				'deleted' => true,
			);
		}
	}
	return $messages;
}

/**
 * Keeps the address under which the server has a page now. Pages below it moved with it.
 *
 * @param \WP_Post|null $post   The page, if it still exists.
 * @param string        $url    Its address; empty if the server does not have it any more.
 * @param string[]      $former Addresses it had.
 */
function note_sent( ?\WP_Post $post, string $url, array $former ): void {
	if ( ! $post ) {
		return;
	}
	if ( '' === $url ) {
		delete_post_meta( $post->ID, SENT_URL );
		return;
	}
	update_post_meta( $post->ID, SENT_URL, $url );
	if ( array_diff( $former, array( $url ) ) ) {
		$below = array(
			'post_parent' => $post->ID,
			'post_type'   => $post->post_type,
			'post_status' => 'publish',
			'numberposts' => -1,
			'fields'      => 'ids',
		);
		array_map( __NAMESPACE__ . '\\add_due_page', get_posts( $below ) );
	}
}

/**
 * Leaves the server alone for a while, longer each time.
 *
 * @param string $problem A sentence.
 */
function pause_sending( string $problem ): void {
	$tries = ( get_option( PAUSE, array() )['tries'] ?? 0 ) + 1;
	$wait  = RETRY_MINUTES[ min( $tries, count( RETRY_MINUTES ) ) - 1 ] * MINUTE_IN_SECONDS;
	$pause = array(
		'tries'   => $tries,
		'until'   => time() + $wait,
		'problem' => $problem,
	);
	update_option( PAUSE, $pause, false );
	wp_clear_scheduled_hook( RETRY_HOOK );
}

/**
 * Whether another page is at an address that this one left.
 *
 * @param string $url     The address.
 * @param int    $post_id This page.
 */
function has_other_page( string $url, int $post_id ): bool {
	$others = array(
		'post_type'        => get_post_types(),
		'post_status'      => 'any',
		'meta_key'         => SENT_URL, // phpcs:ignore WordPress.DB.SlowDBQuery -- only when a page moves or goes.
		'meta_value'       => $url, // phpcs:ignore WordPress.DB.SlowDBQuery
		'post__not_in'     => array( $post_id ), // phpcs:ignore WordPressVIPMinimum -- of one.
		'fields'           => 'ids',
		'numberposts'      => 1,
		'suppress_filters' => true,
	);
	return (bool) get_posts( $others );
}

/** Where the server takes messages about this site's pages. */
function push_path(): string {
	return '/api/knowledge/' . settings()['key'];
}

/**
 * A message, signed with the secret of this site.
 *
 * @param string $body JSON.
 * @return array<string, mixed> As call_server() takes it.
 */
function signed_request( string $body ): array {
	$moment = (string) time();
	return array(
		'method'  => 'POST',
		'body'    => $body,
		'headers' => array(
			'Content-Type'        => 'application/json',
			'X-Chatbot-Timestamp' => $moment,
			'X-Chatbot-Signature' => hash_hmac( 'sha256', $moment . '.' . $body, settings()['push_secret'] ),
		),
	);
}

/** The plugin is switched on again: what changed meanwhile is sent in the background. */
function resume_sending(): void {
	if ( is_sending() ) {
		begin_sweep();
		wp_schedule_single_event( time(), RETRY_HOOK );
	}
}

/** The plugin is switched off: nothing more is tried. */
function stop_sending(): void {
	wp_clear_scheduled_hook( RETRY_HOOK );
}

add_action( 'transition_post_status', __NAMESPACE__ . '\\note_change', 10, 3 );
add_action( 'before_delete_post', __NAMESPACE__ . '\\note_deletion' );
add_action( 'permalink_structure_changed', __NAMESPACE__ . '\\send_everything' );
add_action( 'add_option_' . OPTION, __NAMESPACE__ . '\\note_settings', 10, 2 );
add_action( 'update_option_' . OPTION, __NAMESPACE__ . '\\note_settings', 10, 2 );
add_action( RETRY_HOOK, __NAMESPACE__ . '\\send_due_pages', 10, 0 );
