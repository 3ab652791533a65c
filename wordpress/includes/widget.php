<?php
/**
 * The widget's tag on the site's pages.
 *
 * Nothing about a visitor is in it, so that caches may keep the pages.
 *
 * @package Chatbot_Server
 */

namespace Chatbot_Server;

defined( 'ABSPATH' ) || exit;

// How optimisers are told to leave a script alone: Cloudflare, WP Rocket, Autoptimize, LiteSpeed.
const LEAVE_ALONE = array(
	'data-cfasync'     => 'false',
	'nowprocket'       => true,
	'data-noptimize'   => '1',
	'data-no-optimize' => '1',
);

/** Puts the bubble on the page that is being made, unless the owner wants none there. */
function enqueue_bubble(): void {
	if ( is_bubble_wanted() ) {
		enqueue_widget();
	}
}

/** Whether the owner wants the bubble on this page, for this person. */
function is_bubble_wanted(): bool {
	$is_amp = function_exists( 'amp_is_request' ) && amp_is_request();
	$wanted = ! $is_amp && ! ( settings()['hide_from_users'] && is_user_logged_in() );
	if ( $wanted && '' !== settings()['hidden_on'] ) {
		// phpcs:ignore WordPress.Security.ValidatedSanitizedInput -- only compared.
		$path   = (string) wp_parse_url( wp_unslash( $_SERVER['REQUEST_URI'] ?? '/' ), PHP_URL_PATH );
		$wanted = ! is_listed( $path, settings()['hidden_on'] );
	}
	/**
	 * Filters whether the bubble is on this page.
	 *
	 * @param bool $wanted As the settings say.
	 */
	return (bool) apply_filters( 'chatbot_server_show_bubble', $wanted );
}

/**
 * Whether a list names a path.
 *
 * @param string $path  Such as /shop/basket/.
 * @param string $lines Paths or addresses, one a line; `*` at the end stands for all below.
 */
function is_listed( string $path, string $lines ): bool {
	$path = untrailingslashit( rawurldecode( $path ) );
	foreach ( preg_split( '/\s+/', $lines, -1, PREG_SPLIT_NO_EMPTY ) as $line ) {
		$listed = '/' . ltrim( rawurldecode( (string) wp_parse_url( $line, PHP_URL_PATH ) ), '/' );
		if ( '*' === substr( $listed, -1 ) ) {
			if ( 0 === strpos( $path . '/', rtrim( $listed, '*' ) ) ) {
				return true;
			}
		} elseif ( untrailingslashit( $listed ) === $path ) {
			return true;
		}
	}
	return false;
}

/** Loads the widget, or what waits for the visitor's consent and loads it then. */
function enqueue_widget(): void {
	if ( ! is_set_up() ) {
		return;
	}
	if ( is_consent_wanted() ) {
		$how = array(
			'strategy'  => 'defer',
			'in_footer' => true,
		);
		wp_enqueue_script( 'chatbot-server-consent', plugins_url( 'assets/consent.js', PLUGIN_FILE ), array( 'wp-consent-api' ), VERSION, $how );
		return;
	}
	$how = array(
		'strategy'  => 'async',
		'in_footer' => true,
	);
	// The server says how long it may be kept; a version here would only hide that.
	wp_enqueue_script( 'chatbot-server', settings()['address'] . '/widget.js', array(), null, $how ); // phpcs:ignore WordPress.WP.EnqueuedResourceParameters.MissingVersion
}

/** Whether the widget waits for the visitor's consent. */
function is_consent_wanted(): bool {
	return '' !== settings()['consent'] && function_exists( 'wp_has_consent' );
}

/**
 * The attributes of the widget's tag.
 *
 * @return array<string, string|bool>
 */
function tag_attributes(): array {
	$attributes = LEAVE_ALONE + array(
		'data-base'   => settings()['address'] . '/',
		'data-site'   => settings()['key'],
		'data-locale' => str_replace( '_', '-', determine_locale() ),
	);
	foreach ( settings()['tag_options'] as $name => $value ) {
		$attributes[ 'data-' . $name ] = $value;
	}
	if ( is_chat_in_text() ) {
		$attributes['data-mode']   = 'inline';
		$attributes['data-target'] = '#' . INLINE_ID;
	}
	return $attributes;
}

/**
 * Adds the attributes to our tags when they are printed: only then it is known whether the page has
 * a chat in its text.
 *
 * @param array<string, string|bool> $attributes Of any script.
 * @return array<string, string|bool>
 */
function add_tag_attributes( $attributes ) {
	$id = $attributes['id'] ?? '';
	if ( 'chatbot-server-js' === $id ) {
		return tag_attributes() + $attributes;
	}
	if ( 'chatbot-server-consent-js' === $id ) {
		$widget = array( 'src' => settings()['address'] . '/widget.js' ) + tag_attributes();
		return LEAVE_ALONE + $attributes + array(
			'data-consent' => settings()['consent'],
			'data-widget'  => wp_json_encode( $widget ),
		);
	}
	return $attributes;
}

add_action( 'wp_enqueue_scripts', __NAMESPACE__ . '\\enqueue_bubble' );
add_filter( 'wp_script_attributes', __NAMESPACE__ . '\\add_tag_attributes' );
