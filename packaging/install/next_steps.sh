# Sourced by install.sh: what to do once it runs, in the order in which it is done.
# shellcheck shell=sh disable=SC2154,SC2034,SC1111  # its variables are shared with install.sh

tell_next_steps() {
    version=$prefix/current command=$(command_line) path_line=''
    if has_short_name; then path_line=$(tell_path) command=chatbot-server; fi
    waiting_for "the address for setting it up" "l’adresse pour la mise en place"
    told "$control" admin setup-token || explain_program
    setup=$(cat "$tmp/output")
    port_shown=$(steps_of_version listen "$config")
    port_shown=${port_shown##*:}
    t "
What comes next:$path_line
  1. $setup
     From another computer, first: ssh -L $port_shown:127.0.0.1:$port_shown $(id -un)@THIS-MACHINE
  2. Add your site there, or here:
       $command site add \"My site\" --origin https://example.org
       $command knowledge crawl https://example.org --site KEY
  3. Give it an address with HTTPS, which your pages need. With Caddy, for one:
       chat.example.org { reverse_proxy 127.0.0.1:$port_shown }
       $command config set server.public_url https://chat.example.org
       $command config set server.trusted_proxies 1
       $command restart
     Then put the line that “$command snippet KEY” prints into your pages, before </body>.

$(survival)
Settings  $config
Data      $data
Log       $command log        Look for faults: $command doctor
Stop      $command stop       Start: $command start
Upgrade   run the installer of a newer version with --upgrade$again
Remove    $command uninstall  (data stays), or $command purge (everything)" "
Et maintenant :$path_line
  1. $setup
     Depuis un autre ordinateur, d’abord : ssh -L $port_shown:127.0.0.1:$port_shown $(id -un)@CETTE-MACHINE
  2. Ajoutez-y votre site, ou ici :
       $command site add \"Mon site\" --origin https://example.org
       $command knowledge crawl https://example.org --site CLÉ
  3. Donnez-lui une adresse en HTTPS, que vos pages demandent. Avec Caddy, par exemple :
       chat.example.org { reverse_proxy 127.0.0.1:$port_shown }
       $command config set server.public_url https://chat.example.org
       $command config set server.trusted_proxies 1
       $command restart
     Puis mettez dans vos pages, avant </body>, la ligne affichée par « $command snippet CLÉ ».

$(survival)
Réglages  $config
Données   $data
Journal   $command log        Chercher une panne : $command doctor
Arrêter   $command stop       Démarrer : $command start
Mettre à niveau  lancez l’installateur d’une version plus récente avec --upgrade$again
Retirer   $command uninstall  (les données restent), ou $command purge (tout)"
}

# Whether it goes on after a log-out and a restart of the machine, and what it takes.
survival() {
    case $service in
        system) t "It starts again with this machine." "Il redémarre avec cette machine." ;;
        user)
            if [ -e "/var/lib/systemd/linger/$(id -un)" ]; then
                t "It starts again with this machine." "Il redémarre avec cette machine."
            else
                t "It ends when you log out. So that it stays, and starts again with this machine: loginctl enable-linger" \
                    "Il s’arrête quand vous vous déconnectez. Pour qu’il reste et redémarre avec cette machine : loginctl enable-linger"
            fi
            ;;
        none)
            t "It goes on when you log out. After a restart of this machine, nothing starts it; for that, add with “crontab -e”:
  @reboot $(quoted "$control") start" "Il continue quand vous vous déconnectez. Après un redémarrage de la machine, rien ne le relance ; pour cela, ajoutez avec « crontab -e » :
  @reboot $(quoted "$control") start"
            ;;
    esac
}

# Where the command was linked, but PATH does not lead there yet: as on Debian until the next log-in.
has_short_name() {
    [ "$command" != chatbot-server ] && [ -n "$link" ] && [ "$(readlink "$link")" = "$control" ]
}

tell_path() {
    t "
  In this terminal, first type this line, so that it finds the command below. After your next log-in it mostly does by itself.
       PATH=$(quoted "${link%/*}"):\$PATH" "
  Dans ce terminal, tapez d’abord cette ligne, pour qu’il trouve la commande ci-dessous. Après votre prochaine connexion, il la trouve le plus souvent de lui-même.
       PATH=$(quoted "${link%/*}"):\$PATH"
}

# whole
