<?php
/**
 * Which pages the server has not been told of yet. Each is an option of its own, so that two people
 * who save at the same moment do not lose each other's page.
 *
 * @package Chatbot_Server
 */

namespace Chatbot_Server;

defined( 'ABSPATH' ) || exit;

const DUE_PREFIX = 'chatbot_server_due_';
// Of a page that the server has: the address under which it has it.
const SENT_URL = '_chatbot_server_url';
// The newest page that “Send everything now” has reached, while that goes on.
const SWEEP = 'chatbot_server_sweep';
// A sweep takes so many pages at once.
const SWEEP_PAGES = 50;

/**
 * Notes that the server has to be told of a page.
 *
 * @param int    $post_id Its number.
 * @param string $url     The address under which the server has it, where it is deleted for good.
 */
function add_due_page( int $post_id, string $url = '' ): void {
	$due = array(
		'url'     => $url,
		'problem' => '',
		'token'   => wp_generate_uuid4(),
	);
	update_option( DUE_PREFIX . $post_id, $due, false );
}

/**
 * Pages the server has to be told of.
 *
 * @param bool $refused Those that it refused, instead of those that wait.
 * @return array<int, array{url: string, problem: string, token: string}> By number of the page.
 */
function due_pages( bool $refused = false ): array {
	global $wpdb;
	// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- WordPress cannot list options.
	$rows = $wpdb->get_results( $wpdb->prepare( "SELECT option_name, option_value FROM {$wpdb->options} WHERE option_name LIKE %s", $wpdb->esc_like( DUE_PREFIX ) . '%' ) );
	$due  = array();
	foreach ( $rows as $row ) {
		$page = maybe_unserialize( $row->option_value );
		if ( is_array( $page ) && ( '' !== $page['problem'] ) === $refused ) {
			$due[ (int) substr( $row->option_name, strlen( DUE_PREFIX ) ) ] = $page;
		}
	}
	return $due;
}

/**
 * Forgets a page of which the server was told, or keeps why the server refused it: such a page is
 * not sent again by itself. Nothing happens to a page that was changed meanwhile: it is still due.
 *
 * @param int                                                $post_id Its number.
 * @param array{url: string, problem: string, token: string} $due     As it was read.
 * @param string                                             $problem A sentence; empty if all is well.
 */
function settle_due_page( int $post_id, array $due, string $problem = '' ): void {
	global $wpdb;
	$name = DUE_PREFIX . $post_id;
	$row  = array(
		'option_name'  => $name,
		'option_value' => maybe_serialize( $due ),
	);
	// phpcs:disable WordPress.DB.DirectDatabaseQuery -- WordPress cannot compare what it changes.
	if ( '' === $problem ) {
		$wpdb->delete( $wpdb->options, $row );
	} else {
		$refused = maybe_serialize( array( 'problem' => $problem ) + $due );
		$wpdb->update( $wpdb->options, array( 'option_value' => $refused ), $row );
	}
	// phpcs:enable
	wp_cache_delete( $name, 'options' );
}

/** Begins to send all pages, and to take away those that the server should not have any more. */
function begin_sweep(): void {
	update_option( SWEEP, 0, false );
}

/** Notes the next pages of a sweep; false if there is none. */
function continue_sweep(): bool {
	global $wpdb;
	$from = get_option( SWEEP, null );
	if ( null === $from ) {
		return false;
	}
	// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- WordPress cannot page by number, in all languages.
	$ids = $wpdb->get_col( $wpdb->prepare( "SELECT ID FROM {$wpdb->posts} WHERE ID > %d AND ( post_status = 'publish' OR ID IN ( SELECT post_id FROM {$wpdb->postmeta} WHERE meta_key = %s ) ) ORDER BY ID LIMIT %d", $from, SENT_URL, SWEEP_PAGES ) );
	if ( ! $ids ) {
		delete_option( SWEEP );
		return false;
	}
	foreach ( array_map( 'intval', $ids ) as $id ) {
		if ( is_sendable( get_post( $id ) ) || get_post_meta( $id, SENT_URL, true ) ) {
			add_due_page( $id );
		}
	}
	update_option( SWEEP, (int) end( $ids ), false );
	return true;
}

/** How many pages the server has. */
function count_sent_pages(): int {
	global $wpdb;
	// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- WordPress cannot count these.
	return (int) $wpdb->get_var( $wpdb->prepare( "SELECT COUNT(*) FROM {$wpdb->postmeta} WHERE meta_key = %s", SENT_URL ) );
}

/** How many pages wait to be sent. */
function count_waiting_pages(): int {
	global $wpdb;
	$waiting = count( due_pages() );
	$from    = get_option( SWEEP, null );
	$types   = settings()['post_types'];
	if ( null !== $from && $types ) {
		$holders = implode( ', ', array_fill( 0, count( $types ), '%s' ) );
		// phpcs:ignore WordPress.DB -- the holders are one %s for each kind.
		$waiting += (int) $wpdb->get_var( $wpdb->prepare( "SELECT COUNT(*) FROM {$wpdb->posts} WHERE ID > %d AND post_status = 'publish' AND post_type IN ( $holders )", $from, ...$types ) );
	}
	return $waiting;
}
