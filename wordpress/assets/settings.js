// The settings page: fills the fields from a pasted tag, and shows how sending goes on. Without
// this script, the server does the first, and the background goes on with the second.
( function () {
	const field = ( name ) => document.getElementById( 'chatbot-server-' + name );
	const tag = field( 'tag' );
	const ours = [ 'data-site', 'data-base' ];

	tag?.addEventListener( 'input', () => {
		const page = new DOMParser().parseFromString( tag.value, 'text/html' );
		const script = page.querySelector( 'script[src][data-site]' );
		if ( ! script ) {
			return;
		}
		const base = script.getAttribute( 'data-base' ) || script.getAttribute( 'src' );
		field( 'address' ).value = base.replace( /\/(widget\.js.*)?$/, '' );
		field( 'key' ).value = script.getAttribute( 'data-site' );
		field( 'tag_options' ).value = [ ...script.attributes ]
			.filter( ( { name } ) => name.startsWith( 'data-' ) && ! ours.includes( name ) )
			.map( ( { name, value } ) => `${ name }="${ value.replaceAll( '"', '&quot;' ) }"` )
			.join( ' ' );
		// Firewalls in front of many sites refuse a form that holds a script.
		tag.form.addEventListener( 'submit', () => ( tag.value = '' ), { once: true } );
	} );

	const sending = field( 'sending' );

	async function sendMore() {
		const left = Number( sending.querySelector( '[data-waiting]' ).dataset.waiting );
		if ( ! left ) {
			return;
		}
		const { url, nonce } = sending.dataset;
		const body = new URLSearchParams( {
			action: 'chatbot_server_send_more',
			_ajax_nonce: nonce,
		} );
		const answer = await fetch( url, { method: 'POST', body } );
		if ( answer.ok ) {
			sending.innerHTML = await answer.text();
			setTimeout( sendMore, 500 );
		}
	}

	if ( sending ) {
		sendMore();
	}
} )();
