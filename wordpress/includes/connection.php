<?php
/**
 * Calls to the chatbot server, and what is wrong in a sentence that its owner can act on.
 *
 * @package Chatbot_Server
 */

namespace Chatbot_Server;

defined( 'ABSPATH' ) || exit;

const SECONDS_TO_ANSWER = 5;
// Signatures are accepted for five minutes.
const MOST_CLOCK_SECONDS = 300;

/**
 * Calls the server.
 *
 * @param string               $path    With the slash at its beginning.
 * @param array<string, mixed> $request As wp_remote_request() takes it.
 * @return array{status: int, code: string, data: array<string, mixed>, problem: string} `status`
 *         is 0 if nobody answered, `code` the server's name of an error, `problem` a sentence, empty
 *         if all is well.
 */
function call_server( string $path, array $request = array() ): array {
	$request['headers'] = ( $request['headers'] ?? array() ) + array( 'Accept-Language' => str_replace( '_', '-', determine_locale() ) );
	$request           += array(
		'timeout'            => SECONDS_TO_ANSWER,
		'redirection'        => 0,
		// In a network of sites, who owns one of them may not look around in the provider's network.
		'reject_unsafe_urls' => is_multisite(),
	);
	$response           = wp_remote_request( settings()['address'] . $path, $request );
	if ( is_wp_error( $response ) ) {
		return array(
			'status'  => 0,
			'code'    => '',
			'data'    => array(),
			'problem' => explain_silence( $response ),
		);
	}
	$data   = json_decode( wp_remote_retrieve_body( $response ), true );
	$answer = array(
		'status' => (int) wp_remote_retrieve_response_code( $response ),
		'code'   => (string) ( $data['error']['code'] ?? '' ),
		'data'   => is_array( $data ) ? $data : array(),
	);
	return $answer + array( 'problem' => explain_answer( $answer, $response ) );
}

/**
 * Why nobody answered.
 *
 * @param \WP_Error $error Of the HTTP request.
 */
function explain_silence( \WP_Error $error ): string {
	$address = settings()['address'];
	$host    = (string) wp_parse_url( $address, PHP_URL_HOST );
	$message = $error->get_error_message();
	if ( 'http_request_not_executed' === $error->get_error_code() ) {
		/* translators: %s: host name of the server. */
		return sprintf( __( 'This WordPress may not contact other servers. In wp-config.php, add %s to WP_ACCESSIBLE_HOSTS, or remove WP_HTTP_BLOCK_EXTERNAL.', 'chatbot-server' ), $host );
	}
	if ( preg_match( '/certificate|SSL|TLS/i', $message ) ) {
		/* translators: 1: address of the server, 2: technical message. */
		return sprintf( __( 'The certificate of %1$s cannot be trusted, so browsers refuse it, too. Renew it on the server. (%2$s)', 'chatbot-server' ), $address, $message );
	}
	if ( preg_match( '/resolve/i', $message ) ) {
		/* translators: %s: host name of the server. */
		return sprintf( __( 'No server has the name %s. Check the address for a typing error; a new name can take some hours to be known.', 'chatbot-server' ), $host );
	}
	if ( preg_match( '/timed? ?out/i', $message ) ) {
		/* translators: 1: address of the server, 2: number of seconds. */
		return sprintf( __( '%1$s did not answer within %2$d seconds. Is the chatbot server running, and does its firewall let this site’s server through?', 'chatbot-server' ), $address, SECONDS_TO_ANSWER );
	}
	/* translators: 1: address of the server, 2: technical message. */
	return sprintf( __( 'Nobody answers at %1$s. Check the address, and start the chatbot server (“chatbot-server start” in its terminal). (%2$s)', 'chatbot-server' ), $address, $message );
}

/**
 * What is wrong with an answer; empty if nothing is.
 *
 * @param array{status: int, code: string, data: array<string, mixed>} $answer   As it was read.
 * @param array<string, mixed>                                         $response With its headers.
 */
function explain_answer( array $answer, array $response ): string {
	$address = settings()['address'];
	$status  = $answer['status'];
	if ( 200 === $status && $answer['data'] ) {
		return '';
	}
	if ( $status >= 300 && $status < 400 ) {
		/* translators: 1: address of the server, 2: address it leads to. */
		return sprintf( __( '%1$s leads on to %2$s: enter the address it leads to.', 'chatbot-server' ), $address, wp_remote_retrieve_header( $response, 'location' ) );
	}
	if ( 'site_unknown' === $answer['code'] ) {
		/* translators: 1: address of the server, 2: key of the site. */
		return sprintf( __( 'The chatbot server at %1$s has no site with the key “%2$s”. Copy the tag from your owner’s pages once more and paste it here.', 'chatbot-server' ), $address, settings()['key'] );
	}
	if ( 'push_signature' === $answer['code'] ) {
		$sent_at = strtotime( (string) wp_remote_retrieve_header( $response, 'date' ) );
		if ( $sent_at && abs( $sent_at - time() ) > MOST_CLOCK_SECONDS ) {
			/* translators: %d: number of minutes. */
			return sprintf( __( 'The clocks of this site’s server and of the chatbot server differ by %d minutes. Set them right: messages are only accepted within five minutes.', 'chatbot-server' ), (int) round( abs( $sent_at - time() ) / 60 ) );
		}
		return __( 'The key for sending pages is wrong. Make a new one on your owner’s pages, under “Keys and webhooks”, and enter it here.', 'chatbot-server' );
	}
	if ( '' !== $answer['code'] ) {
		return sanitize_text_field( (string) ( $answer['data']['error']['message'] ?? $answer['code'] ) );
	}
	if ( $status >= 500 ) {
		/* translators: 1: address of the server, 2: HTTP status such as 502. */
		return sprintf( __( 'The web server at %1$s answers, but not the chatbot server behind it (status %2$d). Is that running? “chatbot-server doctor” in its terminal tells more.', 'chatbot-server' ), $address, $status );
	}
	/* translators: 1: address of the server, 2: HTTP status such as 404. */
	return sprintf( __( 'What answers at %1$s is not a chatbot server (status %2$d). Check the address.', 'chatbot-server' ), $address, $status );
}

/**
 * Whether the bubble can work on this site.
 *
 * @return array{problem: string, name: string} `problem` is a sentence, empty if all is well;
 *         `name` is that of the chatbot.
 */
function check_connection(): array {
	$problem = '';
	$name    = '';
	if ( ! is_set_up() ) {
		$problem = __( 'No chatbot is set up yet. Paste the tag that your chatbot server shows under “Put it on your site”.', 'chatbot-server' );
	} elseif ( 'https' === wp_parse_url( home_url(), PHP_URL_SCHEME ) && 'http' === wp_parse_url( settings()['address'], PHP_URL_SCHEME ) ) {
		/* translators: %s: address of the server. */
		$problem = sprintf( __( 'Pages of this site have https:// addresses, but %s has not: browsers do not load it there. Give the chatbot server an address with https://.', 'chatbot-server' ), settings()['address'] );
	} else {
		$query   = array(
			'site'   => settings()['key'],
			'locale' => determine_locale(),
			'check'  => '1',
		);
		$answer  = call_server( '/api/widget?' . http_build_query( $query ), array( 'headers' => array( 'Origin' => origin_of( home_url() ) ) ) );
		$problem = $answer['problem'];
		$name    = (string) ( $answer['data']['name'] ?? '' );
	}
	if ( '' === $problem && is_sending() ) {
		$problem = check_push_secret();
	}
	return array(
		'problem' => $problem,
		'name'    => $name,
	);
}

/**
 * Whether the server accepts our signature: a sentence, empty if it does. Nothing is sent: the
 * server checks the signature first and complains about the missing page afterwards.
 */
function check_push_secret(): string {
	$answer = call_server( push_path(), signed_request( '[]' ) );
	return 'push_json' === $answer['code'] ? '' : $answer['problem'];
}

/**
 * Scheme, host and port, as browsers name them.
 *
 * @param string $url Of a page.
 */
function origin_of( string $url ): string {
	$parts = wp_parse_url( $url );
	return $parts['scheme'] . '://' . $parts['host'] . ( isset( $parts['port'] ) ? ':' . $parts['port'] : '' );
}
