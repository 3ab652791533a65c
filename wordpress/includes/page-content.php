<?php
/**
 * What the server is sent of a page: what a visitor without an account reads there.
 *
 * @package Chatbot_Server
 */

namespace Chatbot_Server;

defined( 'ABSPATH' ) || exit;

/**
 * Whether everybody may read this, so that the server may have it.
 *
 * @param \WP_Post|null $post Any content.
 */
function is_sendable( ?\WP_Post $post ): bool {
	$sendable = $post
		&& in_array( $post->post_type, settings()['post_types'], true )
		&& is_post_publicly_viewable( $post )
		&& '' === $post->post_password
		&& ! is_hidden_from_search( $post );
	/**
	 * Filters whether a page is sent to the chatbot server.
	 *
	 * @param bool          $sendable Whether it is public, and of a kind that is sent.
	 * @param \WP_Post|null $post     The page.
	 */
	return $sendable && apply_filters( 'chatbot_server_send_page', true, $post );
}

/**
 * Whether the owner keeps this from search engines, in Yoast SEO or Rank Math.
 *
 * @param \WP_Post $post Any content.
 */
function is_hidden_from_search( \WP_Post $post ): bool {
	$rank_math = (array) get_post_meta( $post->ID, 'rank_math_robots', true );
	return '1' === get_post_meta( $post->ID, '_yoast_wpseo_meta-robots-noindex', true ) || in_array( 'noindex', $rank_math, true );
}

/**
 * The page as the server reads it: title, day of a news item, and content.
 *
 * @param \WP_Post $post To be sent.
 * @throws \Throwable What a block, a shortcode or another plugin throws.
 */
function page_html( \WP_Post $post ): string {
	$title = get_the_title( $post );
	$date  = '';
	if ( 'post' === $post->post_type ) {
		$date = sprintf( '<p class="entry-meta"><time datetime="%s">%s</time></p>', esc_attr( get_the_date( 'c', $post ) ), esc_html( get_the_date( '', $post ) ) );
	}
	return sprintf(
		'<!DOCTYPE html><html lang="%1$s"><head><meta charset="utf-8"><title>%2$s</title></head><body><main><h1>%2$s</h1>%3$s%4$s</main></body></html>',
		esc_attr( str_replace( '_', '-', language_of_post( $post ) ) ),
		esc_html( wp_strip_all_tags( html_entity_decode( $title, ENT_QUOTES, 'UTF-8' ) ) ),
		$date,
		content_for_everybody( $post )
	);
}

/**
 * The content as it is shown to somebody who is not logged in: what other plugins show to members
 * only does not reach the chatbot, whoever saves the page.
 *
 * @param \WP_Post $post To be sent.
 * @throws \Throwable What a block, a shortcode or another plugin throws.
 */
function content_for_everybody( \WP_Post $post ): string {
	$user   = get_current_user_id();
	$before = $GLOBALS['post'] ?? null;
	wp_set_current_user( 0 );
	$GLOBALS['post'] = $post; // phpcs:ignore WordPress.WP.GlobalVariablesOverride -- as in a loop.
	setup_postdata( $post );
	try {
		// phpcs:ignore WordPress.NamingConventions.PrefixAllGlobals -- WordPress's own filter.
		return (string) apply_filters( 'the_content', $post->post_content );
	} finally {
		$GLOBALS['post'] = $before; // phpcs:ignore WordPress.WP.GlobalVariablesOverride
		wp_reset_postdata();
		wp_set_current_user( $user );
	}
}

/**
 * The language of a page, by Polylang, else WPML, else the site.
 *
 * @param \WP_Post $post Any content.
 */
function language_of_post( \WP_Post $post ): string {
	$language = function_exists( 'pll_get_post_language' ) ? pll_get_post_language( $post->ID, 'locale' ) : '';
	if ( ! $language ) {
		// phpcs:ignore WordPress.NamingConventions.PrefixAllGlobals -- WPML's own filter.
		$details  = apply_filters( 'wpml_post_language_details', null, $post->ID );
		$language = is_array( $details ) ? ( $details['locale'] ?? '' ) : '';
	}
	return $language ? (string) $language : get_locale();
}
