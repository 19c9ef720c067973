# fish completion for laterd(1)

complete -c laterd -f
complete -c laterd -s h -l help -d 'Show help'
complete -c laterd -n __fish_use_subcommand -l version -d 'Show the versions'
complete -c laterd -n __fish_use_subcommand -a run -d 'Run the routing table until SIGTERM or SIGINT'
complete -c laterd -n __fish_use_subcommand -a check -d 'Check the routing table'
complete -c laterd -n __fish_use_subcommand -a status -d 'Show what the running daemon is doing'
complete -c laterd -n __fish_use_subcommand -a health -d 'Say whether the running daemon is well'
complete -c laterd -n __fish_use_subcommand -a demo -d 'Watch records wait and arrive, on a broker of its own'
complete -c laterd -n '__fish_seen_subcommand_from run check status health' -s c -l config -rF -d 'The routing table'
complete -c laterd -n '__fish_seen_subcommand_from check' -l connect -d 'Also ask the clusters'
complete -c laterd -n '__fish_seen_subcommand_from check' -l print -d 'Show the effective table, secrets hidden'
complete -c laterd -n '__fish_seen_subcommand_from status health' -l at -x -d 'Where the endpoint listens'
complete -c laterd -n '__fish_seen_subcommand_from status' -l json -d 'All of it, as JSON'
complete -c laterd -n '__fish_seen_subcommand_from health' -l ready -d 'Also whether every route is in its group'
complete -c laterd -n '__fish_seen_subcommand_from demo' -l serve -d 'Keep running'
