<?php
/**
 * The plugin is deleted: nothing of it stays, on any site of a network.
 *
 * @package Chatbot_Server
 */

namespace Chatbot_Server;

defined( 'WP_UNINSTALL_PLUGIN' ) || exit;

/** Options, notes about pages, and what was planned, of the current site. */
function remove_traces(): void {
	global $wpdb;
	// phpcs:disable WordPress.DB.DirectDatabaseQuery -- once, and there are as many options as pages that waited.
	$names = $wpdb->get_col( $wpdb->prepare( "SELECT option_name FROM {$wpdb->options} WHERE option_name LIKE %s", $wpdb->esc_like( 'chatbot_server' ) . '%' ) );
	// phpcs:enable
	array_map( 'delete_option', $names );
	delete_metadata( 'post', 0, '_chatbot_server_url', '', true );
	wp_unschedule_hook( 'chatbot_server_send' );
}

if ( is_multisite() ) {
	$chatbot_server_sites = get_sites(
		array(
			'fields' => 'ids',
			'number' => 0,
		)
	);
	foreach ( $chatbot_server_sites as $chatbot_server_site ) {
		switch_to_blog( $chatbot_server_site );
		remove_traces();
		restore_current_blog();
	}
} else {
	remove_traces();
}
