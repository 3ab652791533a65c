// The chat in the text, in the editor: its name alone, as the chat itself belongs to visitors.
( function ( { blocks, blockEditor, element } ) {
	const name = 'chatbot-server/chat';
	const style = { border: '1px dashed', borderRadius: '8px', padding: '24px' };
	blocks.registerBlockType( name, {
		edit() {
			const { title, description } = blocks.getBlockType( name );
			const strong = element.createElement( 'strong', null, title );
			return element.createElement(
				'div',
				blockEditor.useBlockProps( { style } ),
				strong,
				' – ',
				description
			);
		},
		save: () => null,
	} );
} )( window.wp );
