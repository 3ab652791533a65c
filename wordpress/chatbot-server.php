<?php
/**
 * Plugin Name:       Chatbot Server
 * Description:       Shows the chatbot of your own Chatbot Server on your site, and tells the server of your pages.
 * Version:           @VERSION@
 * Requires at least: 6.4
 * Requires PHP:      7.4
 * Author:            Chatbot Server
 * License:           GPL-2.0-or-later
 * License URI:       https://www.gnu.org/licenses/old-licenses/gpl-2.0.html
 * Text Domain:       chatbot-server
 * Domain Path:       /languages
 *
 * @package Chatbot_Server
 */

namespace Chatbot_Server;

defined( 'ABSPATH' ) || exit;

const VERSION     = '@VERSION@';
const PLUGIN_FILE = __FILE__;

require_once __DIR__ . '/includes/settings.php';
require_once __DIR__ . '/includes/connection.php';
require_once __DIR__ . '/includes/widget.php';
require_once __DIR__ . '/includes/inline-chat.php';
require_once __DIR__ . '/includes/page-content.php';
require_once __DIR__ . '/includes/page-queue.php';
require_once __DIR__ . '/includes/page-sending.php';
require_once __DIR__ . '/includes/site-health.php';
require_once __DIR__ . '/includes/privacy.php';
if ( is_admin() ) {
	require_once __DIR__ . '/includes/settings-page.php';
	require_once __DIR__ . '/includes/sending-status.php';
}

/**
 * Loads the plugin's own translation: in every French, and also before WordPress 6.8, which finds
 * only those of the directory by itself.
 */
function load_translation(): void {
	$locale = determine_locale();
	if ( 0 === strpos( $locale, 'fr' ) ) {
		load_textdomain( 'chatbot-server', __DIR__ . '/languages/chatbot-server-fr_FR.mo', $locale );
	}
}

add_action( 'init', __NAMESPACE__ . '\\load_translation', 5 );
register_activation_hook( __FILE__, __NAMESPACE__ . '\\resume_sending' );
register_deactivation_hook( __FILE__, __NAMESPACE__ . '\\stop_sending' );
