<?php
/**
 * What the owner decides, and how it is read from a form or from a pasted tag.
 *
 * @package Chatbot_Server
 */

namespace Chatbot_Server;

defined( 'ABSPATH' ) || exit;

const OPTION = 'chatbot_server_settings';

// The tag's options that the owner may choose. The server's address, the key and the place of the
// chat are settings of their own.
const TAG_OPTIONS = array( 'position', 'locale', 'theme', 'color', 'size', 'label', 'avatar', 'name', 'greeting', 'placeholder', 'suggestions', 'open', 'proactive', 'delay', 'avoid', 'storage', 'keep', 'privacy-url', 'style' );

const CONSENT_CATEGORIES = array( '', 'functional', 'preferences', 'statistics', 'marketing' );

/**
 * All settings, with the default of each that was never set.
 *
 * @return array<string, mixed>
 */
function settings(): array {
	$defaults = array(
		'address'         => '',
		'key'             => '',
		'tag_options'     => array(),
		'hidden_on'       => '',
		'hide_from_users' => false,
		'consent'         => '',
		'send_pages'      => false,
		'push_secret'     => '',
		'post_types'      => array( 'page', 'post' ),
	);
	$settings                = array_merge( $defaults, (array) get_option( OPTION, array() ) );
	$settings['tag_options'] = checked_options( $settings['tag_options'] );
	return $settings;
}

/** Whether a server and a site of it are named. */
function is_set_up(): bool {
	return '' !== settings()['address'] && '' !== settings()['key'];
}

/** The setting and how its values are checked. */
function register_settings(): void {
	register_setting(
		'chatbot_server',
		OPTION,
		array(
			'type'              => 'array',
			'sanitize_callback' => __NAMESPACE__ . '\\sanitize_settings',
		)
	);
}

/**
 * The settings in a form that was sent. What is wrong is told, and stays as it was.
 *
 * WordPress calls this twice when it saves for the first time: what was checked passes unchanged.
 *
 * @param mixed $form What the browser sent.
 * @return array<string, mixed>
 */
function sanitize_settings( $form ): array {
	$form   = is_array( $form ) ? $form : array();
	$before = settings();
	$tag    = trim( typed( $form, 'tag' ) );
	if ( '' !== $tag ) {
		$found = read_tag( $tag );
		if ( ! $found ) {
			add_settings_error( OPTION, 'tag', __( 'What you pasted is not the tag of a chatbot: it has no “data-site”. Copy the whole line, from “<script” to “</script>”.', 'chatbot-server' ) );
		}
		$form = array_merge( $form, $found );
	}
	$options = $form['tag_options'] ?? array();
	$secret  = sanitize_text_field( typed( $form, 'push_secret' ) );
	$types   = array_intersect( array_map( 'sanitize_key', array_filter( (array) ( $form['post_types'] ?? array() ), 'is_string' ) ), array_keys( sendable_types() ) );
	return array(
		'address'         => sanitize_address( typed( $form, 'address' ), $before['address'] ),
		'key'             => sanitize_site_key( typed( $form, 'key' ), $before['key'] ),
		'tag_options'     => is_array( $options ) ? array_map( 'sanitize_text_field', checked_options( $options ) ) : read_tag_options( typed( $form, 'tag_options' ) ),
		'hidden_on'       => sanitize_textarea_field( typed( $form, 'hidden_on' ) ),
		'hide_from_users' => ! empty( $form['hide_from_users'] ),
		'consent'         => in_array( $form['consent'] ?? '', CONSENT_CATEGORIES, true ) ? (string) ( $form['consent'] ?? '' ) : '',
		'send_pages'      => ! empty( $form['send_pages'] ),
		'push_secret'     => '' !== $secret ? $secret : $before['push_secret'],
		'post_types'      => array_values( $types ),
	);
}

/**
 * What was typed into a field; a list in its place is nothing.
 *
 * @param array<string, mixed> $form What the browser sent.
 * @param string               $name Of the field.
 */
function typed( array $form, string $name ): string {
	return is_scalar( $form[ $name ] ?? '' ) ? (string) ( $form[ $name ] ?? '' ) : '';
}

/**
 * Those options of the tag that there are, each a text: other code may store anything.
 *
 * @param mixed $options By name, without “data-”.
 * @return array<string, string>
 */
function checked_options( $options ): array {
	$known = array_intersect_key( (array) $options, array_flip( TAG_OPTIONS ) );
	return array_map( 'strval', array_filter( $known, 'is_scalar' ) );
}

/**
 * An address such as https://chat.example.org, without a slash at its end.
 *
 * @param string $address As it was typed, perhaps without its scheme or with the name of the script.
 * @param string $before  What stays if it is none.
 */
function sanitize_address( string $address, string $before ): string {
	$address = trim( $address );
	if ( '' === $address ) {
		return '';
	}
	if ( false === strpos( $address, '://' ) ) {
		$address = 'https://' . $address;
	}
	$parts = wp_parse_url( esc_url_raw( $address, array( 'http', 'https' ) ) );
	if ( empty( $parts['host'] ) || isset( $parts['user'] ) ) {
		/* translators: %s: what was typed. */
		add_settings_error( OPTION, 'address', sprintf( __( '“%s” is not the address of a server. It looks like this: https://chat.example.org', 'chatbot-server' ), $address ) );
		return $before;
	}
	$port = isset( $parts['port'] ) ? ':' . $parts['port'] : '';
	$path = preg_replace( '~/widget\.js$~', '', $parts['path'] ?? '' );
	return untrailingslashit( $parts['scheme'] . '://' . $parts['host'] . $port . $path );
}

/**
 * The key of a site of the server.
 *
 * @param string $key    As it was typed.
 * @param string $before What stays if it is none.
 */
function sanitize_site_key( string $key, string $before ): string {
	$key = trim( $key );
	if ( preg_match( '/^[A-Za-z0-9_-]{0,40}$/', $key ) ) {
		return $key;
	}
	/* translators: %s: what was typed. */
	add_settings_error( OPTION, 'key', sprintf( __( '“%s” is not the key of a site: that is a short word of letters and digits, “data-site” in the tag.', 'chatbot-server' ), sanitize_text_field( $key ) ) );
	return $before;
}

/**
 * Address, key and options in the tag that the server's last step shows.
 *
 * @param string $html The tag, also with other markup around it.
 * @return array<string, mixed> Empty if there is no such tag.
 */
function read_tag( string $html ): array {
	$tags = new \WP_HTML_Tag_Processor( $html );
	while ( $tags->next_tag( 'script' ) ) {
		$source = (string) $tags->get_attribute( 'src' );
		parse_str( (string) wp_parse_url( $source, PHP_URL_QUERY ), $in_address );
		$key = $tags->get_attribute( 'data-site' ) ?? ( $in_address['site'] ?? '' );
		if ( is_string( $key ) && '' !== $key ) {
			return array(
				'address'     => (string) ( $tags->get_attribute( 'data-base' ) ?? $source ),
				'key'         => $key,
				'tag_options' => tag_options_of( $tags ),
			);
		}
	}
	return array();
}

/**
 * The options in a text such as `data-color="#0a7" data-position="top-left"`.
 *
 * @param string $text As it was typed.
 * @return array<string, string>
 */
function read_tag_options( string $text ): array {
	$tags = new \WP_HTML_Tag_Processor( '<script ' . str_replace( array( '<', '>' ), '', $text ) . '></script>' );
	return $tags->next_tag() ? tag_options_of( $tags ) : array();
}

/**
 * The options of the tag that was found.
 *
 * @param \WP_HTML_Tag_Processor $tags Stands at the tag.
 * @return array<string, string> By name, without “data-”.
 */
function tag_options_of( \WP_HTML_Tag_Processor $tags ): array {
	$options = array();
	foreach ( TAG_OPTIONS as $name ) {
		$value = $tags->get_attribute( 'data-' . $name );
		if ( is_string( $value ) ) {
			$options[ $name ] = sanitize_text_field( $value );
		}
	}
	return $options;
}

/**
 * Kinds of content that can be sent to the server: what visitors can open and read as a page.
 *
 * The content of a product does not hold its price, and what is sent replaces what the server read
 * of the page: products are left to the server's own reading.
 *
 * @return array<string, \WP_Post_Type>
 */
function sendable_types(): array {
	$types = get_post_types( array( 'public' => true ), 'objects' );
	unset( $types['attachment'], $types['product'] );
	return $types;
}

add_action( 'admin_init', __NAMESPACE__ . '\\register_settings' );
