// Loads the widget once the visitor has agreed, as the WP Consent API tells it. The page's HTML is
// the same for all visitors, so that it may be cached.
( function () {
	const waiting = document.querySelector( 'script[data-consent][data-widget]' );
	let loaded = false;

	/** Whether the visitor agreed; the kind of consent may still be looked up. */
	function agreed() {
		const unknown = window.waitfor_consent_hook && ! window.wp_consent_type;
		return ! unknown && window.wp_has_consent( waiting.dataset.consent );
	}

	function load() {
		if ( loaded || ! agreed() ) {
			return;
		}
		loaded = true;
		const script = document.createElement( 'script' );
		for ( const [ name, value ] of Object.entries( JSON.parse( waiting.dataset.widget ) ) ) {
			script.setAttribute( name, value );
		}
		document.body.append( script );
	}

	document.addEventListener( 'wp_listen_for_consent_change', load );
	document.addEventListener( 'wp_consent_type_defined', load );
	load();
} )();
