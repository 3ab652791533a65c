<?php
/**
 * The page Settings › Chatbot Server.
 *
 * @package Chatbot_Server
 */

namespace Chatbot_Server;

defined( 'ABSPATH' ) || exit;

const PAGE        = 'chatbot-server';
const CHECK_NONCE = 'chatbot_server_check';

/** Menu, link in the list of plugins, and the script of the page. */
function add_settings_page(): void {
	add_options_page( __( 'Chatbot Server', 'chatbot-server' ), __( 'Chatbot Server', 'chatbot-server' ), 'manage_options', PAGE, __NAMESPACE__ . '\\render_settings_page' );
}

/**
 * Adds “Settings” to the plugin’s line.
 *
 * @param string[] $links Of the plugin.
 * @return string[]
 */
function add_settings_link( $links ) {
	$link = sprintf( '<a href="%s">%s</a>', esc_url( settings_url() ), esc_html__( 'Settings', 'chatbot-server' ) );
	return array_merge( array( $link ), (array) $links );
}

/** The address of the page. */
function settings_url(): string {
	return admin_url( 'options-general.php?page=' . PAGE );
}

/**
 * The page’s script.
 *
 * @param string $screen Suffix of the page that is being made.
 */
function enqueue_settings_script( $screen ): void {
	if ( 'settings_page_' . PAGE === $screen ) {
		wp_enqueue_script( 'chatbot-server-settings', plugins_url( 'assets/settings.js', PLUGIN_FILE ), array(), VERSION, array( 'in_footer' => true ) );
	}
}

/** The whole page. */
function render_settings_page(): void {
	if ( ! current_user_can( 'manage_options' ) ) {
		return;
	}
	echo '<div class="wrap"><h1>' . esc_html__( 'Chatbot Server', 'chatbot-server' ) . '</h1>';
	render_check();
	echo '<form method="post" action="options.php">';
	settings_fields( 'chatbot_server' );
	render_chatbot_fields();
	render_place_fields();
	render_page_fields();
	submit_button( __( 'Save and check the connection', 'chatbot-server' ), 'primary', 'submit', true );
	echo '</form>';
	render_sending();
	echo '</div>';
}

/** Whether the chatbot can work here: after each change, and when it is asked for. */
function render_check(): void {
	$nonce    = isset( $_GET['_wpnonce'] ) ? sanitize_key( wp_unslash( $_GET['_wpnonce'] ) ) : '';
	$is_asked = (bool) wp_verify_nonce( $nonce, CHECK_NONCE );
	if ( ! $is_asked && ! ( isset( $_GET['settings-updated'] ) && is_set_up() ) ) {
		return;
	}
	$check = check_connection();
	if ( '' === $check['problem'] ) {
		/* translators: 1: name of the chatbot, 2: address of this site. */
		wp_admin_notice( esc_html( sprintf( __( 'Connected: pages of %2$s can show the chatbot “%1$s”.', 'chatbot-server' ), $check['name'], origin_of( home_url() ) ) ), array( 'type' => 'success' ) );
	} else {
		wp_admin_notice( '<strong>' . esc_html__( 'The chatbot cannot work here yet.', 'chatbot-server' ) . '</strong> ' . esc_html( $check['problem'] ), array( 'type' => 'error' ) );
	}
}

/** The server and the site. */
function render_chatbot_fields(): void {
	$options = '';
	foreach ( settings()['tag_options'] as $name => $value ) {
		$options .= sprintf( 'data-%s="%s" ', $name, str_replace( '"', '&quot;', $value ) );
	}
	echo '<h2>' . esc_html__( 'Your chatbot', 'chatbot-server' ) . '</h2><table class="form-table" role="presentation">';
	begin_row( 'tag', __( 'Tag of your chatbot', 'chatbot-server' ) );
	printf( '<textarea id="chatbot-server-tag" name="%s[tag]" rows="3" class="large-text code" spellcheck="false" aria-describedby="chatbot-server-tag-help" placeholder="&lt;script async src=&quot;https://chat.example.org/widget.js&quot; data-site=&quot;KEY&quot;&gt;&lt;/script&gt;"></textarea>', esc_attr( OPTION ) );
	end_row( 'tag', __( 'Open “Put it on your site” on your chatbot server, copy the line, and paste it here. The next three fields are filled from it.', 'chatbot-server' ) );
	begin_row( 'address', __( 'Address of the server', 'chatbot-server' ) );
	printf( '<input type="text" id="chatbot-server-address" name="%s[address]" value="%s" class="regular-text code" inputmode="url" spellcheck="false" placeholder="https://chat.example.org">', esc_attr( OPTION ), esc_attr( settings()['address'] ) );
	end_row();
	begin_row( 'key', __( 'Key of the site', 'chatbot-server' ) );
	printf( '<input type="text" id="chatbot-server-key" name="%s[key]" value="%s" class="regular-text code" spellcheck="false" maxlength="40">', esc_attr( OPTION ), esc_attr( settings()['key'] ) );
	end_row();
	begin_row( 'tag_options', __( 'Options of the tag', 'chatbot-server' ) );
	printf( '<input type="text" id="chatbot-server-tag_options" name="%s[tag_options]" value="%s" class="large-text code" spellcheck="false" aria-describedby="chatbot-server-tag_options-help">', esc_attr( OPTION ), esc_attr( trim( $options ) ) );
	end_row( 'tag_options', __( 'Colour, corner and words of the bubble, where they are not the usual ones, such as data-position="bottom-left".', 'chatbot-server' ) );
	echo '</table>';
	if ( is_set_up() ) {
		printf( '<p><a class="button" href="%s">%s</a></p>', esc_url( wp_nonce_url( settings_url(), CHECK_NONCE ) ), esc_html__( 'Check the connection', 'chatbot-server' ) );
	}
}

/** Where the bubble is, and when. */
function render_place_fields(): void {
	echo '<h2>' . esc_html__( 'Where the bubble is shown', 'chatbot-server' ) . '</h2><table class="form-table" role="presentation">';
	begin_row( 'hidden_on', __( 'Not on these pages', 'chatbot-server' ) );
	printf( '<textarea id="chatbot-server-hidden_on" name="%s[hidden_on]" rows="3" class="regular-text code" spellcheck="false" aria-describedby="chatbot-server-hidden_on-help">%s</textarea>', esc_attr( OPTION ), esc_textarea( settings()['hidden_on'] ) );
	end_row( 'hidden_on', __( 'One address or path a line, such as /checkout/. With a star at the end, all pages below: /shop/*', 'chatbot-server' ) );
	begin_row( '', __( 'People with an account', 'chatbot-server' ) );
	render_checkbox( 'hide_from_users', '1', settings()['hide_from_users'], __( 'Hide the bubble from people who are logged in', 'chatbot-server' ) );
	end_row();
	begin_row( 'consent', __( 'Consent', 'chatbot-server' ) );
	render_consent_field();
	begin_row( '', __( 'In the text', 'chatbot-server' ) );
	end_row( 'inline', __( 'The block “Chatbot” or the shortcode [chatbot_server] puts the chat into the text of a page, in place of the bubble.', 'chatbot-server' ) );
	echo '</table>';
}

/** For which consent the bubble waits. */
function render_consent_field(): void {
	$names = array(
		''            => __( 'Show the bubble at once', 'chatbot-server' ),
		'functional'  => __( 'Wait for consent to what is functional', 'chatbot-server' ),
		'preferences' => __( 'Wait for consent to preferences', 'chatbot-server' ),
		'statistics'  => __( 'Wait for consent to statistics', 'chatbot-server' ),
		'marketing'   => __( 'Wait for consent to marketing', 'chatbot-server' ),
	);
	printf( '<select id="chatbot-server-consent" name="%s[consent]" aria-describedby="chatbot-server-consent-help">', esc_attr( OPTION ) );
	foreach ( $names as $category => $name ) {
		printf( '<option value="%s"%s>%s</option>', esc_attr( $category ), selected( settings()['consent'], $category, false ), esc_html( $name ) );
	}
	echo '</select>';
	$help = __( 'The bubble sets no cookie, and stores nothing in the browser before a visitor opens it.', 'chatbot-server' );
	if ( ! function_exists( 'wp_has_consent' ) ) {
		$help .= ' ' . __( 'Waiting needs the plugin WP Consent API and a consent banner that supports it; without them the bubble is shown at once.', 'chatbot-server' );
	}
	end_row( 'consent', $help );
}

/** Which pages the server is told of. */
function render_page_fields(): void {
	echo '<h2>' . esc_html__( 'What the chatbot answers from', 'chatbot-server' ) . '</h2><table class="form-table" role="presentation">';
	begin_row( '', __( 'Pages', 'chatbot-server' ) );
	render_checkbox( 'send_pages', '1', settings()['send_pages'], __( 'Send pages to the chatbot server when they are published, changed or taken away', 'chatbot-server' ) );
	end_row( 'send_pages', __( 'Only what everybody can read: no drafts, nothing private or behind a password. Otherwise the server reads your site by itself from time to time.', 'chatbot-server' ) );
	begin_row( 'push_secret', __( 'Key for sending', 'chatbot-server' ) );
	$placeholder = '' !== settings()['push_secret'] ? __( 'Saved. Type a new one to replace it.', 'chatbot-server' ) : '';
	printf( '<input type="password" id="chatbot-server-push_secret" name="%s[push_secret]" value="" class="regular-text code" autocomplete="new-password" placeholder="%s" aria-describedby="chatbot-server-push_secret-help">', esc_attr( OPTION ), esc_attr( $placeholder ) );
	end_row( 'push_secret', __( 'Your chatbot server makes it, under “Keys and webhooks”.', 'chatbot-server' ) );
	begin_row( '', __( 'Kinds of pages', 'chatbot-server' ) );
	echo '<fieldset><legend class="screen-reader-text">' . esc_html__( 'Kinds of pages', 'chatbot-server' ) . '</legend>';
	foreach ( sendable_types() as $name => $type ) {
		render_checkbox( 'post_types', $name, in_array( $name, settings()['post_types'], true ), $type->labels->name );
		echo '<br>';
	}
	echo '</fieldset>';
	end_row();
	echo '</table>';
}

/**
 * The beginning of a line of the form.
 *
 * @param string $field Its field; empty if it has several or none.
 * @param string $name  What is asked.
 */
function begin_row( string $field, string $name ): void {
	if ( '' === $field ) {
		printf( '<tr><th scope="row">%s</th><td>', esc_html( $name ) );
	} else {
		printf( '<tr><th scope="row"><label for="chatbot-server-%s">%s</label></th><td>', esc_attr( $field ), esc_html( $name ) );
	}
}

/**
 * The end of a line of the form.
 *
 * @param string $field The field that is explained.
 * @param string $help  A sentence; empty if there is none.
 */
function end_row( string $field = '', string $help = '' ): void {
	if ( '' !== $help ) {
		printf( '<p class="description" id="chatbot-server-%s-help">%s</p>', esc_attr( $field ), esc_html( $help ) );
	}
	echo '</td></tr>';
}

/**
 * A box to tick.
 *
 * @param string $setting Its name; `post_types` holds several.
 * @param string $value   What is sent.
 * @param bool   $checked Whether it is ticked.
 * @param string $label   What it means.
 */
function render_checkbox( string $setting, string $value, bool $checked, string $label ): void {
	$several = 'post_types' === $setting ? '[]' : '';
	printf( '<label><input type="checkbox" name="%s[%s]%s" value="%s"%s> %s</label>', esc_attr( OPTION ), esc_attr( $setting ), esc_attr( $several ), esc_attr( $value ), checked( $checked, true, false ), esc_html( $label ) );
}

add_action( 'admin_menu', __NAMESPACE__ . '\\add_settings_page' );
add_action( 'admin_enqueue_scripts', __NAMESPACE__ . '\\enqueue_settings_script' );
add_filter( 'plugin_action_links_' . plugin_basename( PLUGIN_FILE ), __NAMESPACE__ . '\\add_settings_link' );
