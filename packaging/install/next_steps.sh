# Sourced by install.sh: what to do once it runs, in the order in which it is done.
# shellcheck shell=sh disable=SC2154,SC2034,SC1111  # its variables are shared with install.sh

tell_next_steps() {
    version=$prefix/current command=$(command_line)
    waiting_for "the address for setting it up" "l’adresse pour la mise en place"
    told "$control" admin setup-token || explain_program
    setup=$(cat "$tmp/output")
    listening=$(steps_of_version listen "$config")
    listening=${listening#* * } port_shown=${listening%% *}
    port_shown=${port_shown##*:}
    t "
What comes next:
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

$(survival && short_name)
Settings  $config
Data      $data
Log       $command log        Look for faults: $command doctor
Stop      $command stop       Start again: $command start
Upgrade   run the installer of a newer version with --upgrade$again
Remove    $command uninstall  (data stays), or $command purge (everything)" "
Et maintenant :
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

$(survival && short_name)
Réglages  $config
Données   $data
Journal   $command log        Chercher une panne : $command doctor
Arrêter   $command stop       Redémarrer : $command start
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
short_name() {
    [ "$command" != chatbot-server ] && [ "$(readlink "$link")" = "$control" ] || return 0
    t "In this terminal, “chatbot-server” is enough after: PATH=$(quoted "${link%/*}"):\$PATH (mostly by itself after your next log-in)" \
        "Dans ce terminal, « chatbot-server » suffit après : PATH=$(quoted "${link%/*}"):\$PATH (le plus souvent de lui-même à la prochaine connexion)"
}

# whole
