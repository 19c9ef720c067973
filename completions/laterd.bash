# bash completion for laterd(1)

_laterd() {
    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local command='' word words
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case $word in
            run | check | status | health | demo)
                command=$word
                break
                ;;
        esac
    done
    COMPREPLY=()
    if [[ $command != demo && ($previous == -c || $previous == --config) ]]; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$current")
        return
    fi
    case $command in
        run) words='-c --config -h --help' ;;
        check) words='-c --config --connect --print -h --help' ;;
        status) words='-c --config --at --json -h --help' ;;
        health) words='-c --config --at --ready -h --help' ;;
        demo) words='--serve -h --help' ;;
        *) words='run check status health demo -h --help --version' ;;
    esac
    # Options are offered when one is begun, or when there is nothing else to offer.
    [[ $current == -* || $command ]] || words=${words%% -*}
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}

complete -F _laterd laterd
