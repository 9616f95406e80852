# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_callhome_global_optspecs
    string join \n c/context= o/output= columns= jq= v/verbose q/quiet no-input trace= data-dir= h/help V/version
end

function __fish_callhome_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_callhome_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_callhome_using_subcommand
    set -l cmd (__fish_callhome_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c callhome -n "__fish_callhome_needs_command" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_needs_command" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_needs_command" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_needs_command" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_needs_command" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_needs_command" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_needs_command" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_needs_command" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_needs_command" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_needs_command" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_needs_command" -s V -l version -d 'Print version'
complete -c callhome -n "__fish_callhome_needs_command" -f -a "call" -d 'Reach a device over whatever still reaches it'
complete -c callhome -n "__fish_callhome_needs_command" -f -a "find" -d 'Find out which server manages a device'
complete -c callhome -n "__fish_callhome_needs_command" -f -a "probe" -d 'Say why a device or a SIP address cannot be reached'
complete -c callhome -n "__fish_callhome_needs_command" -f -a "device" -d 'Look at devices, lock and locate them, let new ones in'
complete -c callhome -n "__fish_callhome_needs_command" -f -a "action" -d 'See what devices were asked to do, and how far that has got'
complete -c callhome -n "__fish_callhome_needs_command" -f -a "callback" -d 'Ask devices to call an application server, and follow that'
complete -c callhome -n "__fish_callhome_needs_command" -f -a "backup" -d 'Bring a device\'s contacts, documents and media to safety, and back'
complete -c callhome -n "__fish_callhome_needs_command" -f -a "bulk" -d 'Run an action over many devices, look back at runs, and go on with one that was stopped'
complete -c callhome -n "__fish_callhome_needs_command" -f -a "audit" -d 'Read and check the audit trail'
complete -c callhome -n "__fish_callhome_needs_command" -f -a "auth" -d 'Log in and out, and make tokens for scripts'
complete -c callhome -n "__fish_callhome_needs_command" -f -a "operator" -d 'Say who may use this server, and for what'
complete -c callhome -n "__fish_callhome_needs_command" -f -a "serve" -d 'Run the management server in the foreground'
complete -c callhome -n "__fish_callhome_needs_command" -f -a "server" -d 'Look at the server and keep a copy of its data'
complete -c callhome -n "__fish_callhome_needs_command" -f -a "config" -d 'See which settings hold, and where each was said'
complete -c callhome -n "__fish_callhome_needs_command" -f -a "schema" -d 'Print the JSON Schema of a document that commands print'
complete -c callhome -n "__fish_callhome_needs_command" -f -a "context" -d 'Choose which server commands talk to'
complete -c callhome -n "__fish_callhome_needs_command" -f -a "doctor" -d 'Check this installation and say what to repair'
complete -c callhome -n "__fish_callhome_needs_command" -f -a "completion" -d 'Print the completion script of a shell'
complete -c callhome -n "__fish_callhome_needs_command" -f -a "decode" -d 'Explain a message that came over the wire'
complete -c callhome -n "__fish_callhome_needs_command" -f -a "demo" -d 'Show what callhome does: servers, carrier, router and phones on this machine'
complete -c callhome -n "__fish_callhome_needs_command" -f -a "sip" -d 'Send SIP messages by hand, from this machine'
complete -c callhome -n "__fish_callhome_needs_command" -f -a "sms" -d 'Compose, sign, check, measure and send action strings by hand'
complete -c callhome -n "__fish_callhome_needs_command" -f -a "agent" -d 'Run simulated devices, a carrier for their text messages, and a home router'
complete -c callhome -n "__fish_callhome_needs_command" -f -a "generate" -d 'Write man pages and completions'
complete -c callhome -n "__fish_callhome_using_subcommand call" -l via -d 'Only these ways, in this order: sip-direct, sip-proxy, sms' -r
complete -c callhome -n "__fish_callhome_using_subcommand call" -l relay -d 'How a device behind a proxy is reached: by a loose route, or encapsulated in a message to the proxy [default: as the proxy registered]' -r
complete -c callhome -n "__fish_callhome_using_subcommand call" -l rung-timeout -d 'How long each SIP way may take to answer, as in 4s' -r
complete -c callhome -n "__fish_callhome_using_subcommand call" -l timeout -l deadline -d 'How long to try in all, as in 60s' -r
complete -c callhome -n "__fish_callhome_using_subcommand call" -l reason -d 'Why, for the audit trail' -r
complete -c callhome -n "__fish_callhome_using_subcommand call" -l ticket -d 'Ticket in the helpdesk\'s system' -r
complete -c callhome -n "__fish_callhome_using_subcommand call" -l idempotency-key -d 'Key that makes a repeat of this command harmless' -r
complete -c callhome -n "__fish_callhome_using_subcommand call" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand call" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand call" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand call" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand call" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand call" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand call" -l invite -d 'Send an INVITE with bootstrap information instead of a NOTIFY'
complete -c callhome -n "__fish_callhome_using_subcommand call" -s n -l dry-run -d 'Print what would be sent, and send nothing'
complete -c callhome -n "__fish_callhome_using_subcommand call" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand call" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand call" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand call" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand find" -l timeout -l deadline -d 'How long to wait for the other servers, as in 5s' -r
complete -c callhome -n "__fish_callhome_using_subcommand find" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand find" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand find" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand find" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand find" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand find" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand find" -l local -d 'Ask no other server'
complete -c callhome -n "__fish_callhome_using_subcommand find" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand find" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand find" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand find" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand probe" -l count -d 'How often in all; 1 unless --watch' -r
complete -c callhome -n "__fish_callhome_using_subcommand probe" -l every -d 'Time between two probes, as in 5s' -r
complete -c callhome -n "__fish_callhome_using_subcommand probe" -l exit-style -d 'How the end is told: callhome or nagios' -r -f -a "callhome\t'People and scripts'
nagios\t'Monitoring: one line, and 0, 1, 2 or 3'"
complete -c callhome -n "__fish_callhome_using_subcommand probe" -l pcap -d 'Write the SIP messages that crossed to a file for Wireshark (pcapng)' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand probe" -l proxy -d 'Send it through this proxy (loose route); for a SIP address' -r
complete -c callhome -n "__fish_callhome_using_subcommand probe" -l dns -d 'Name server to ask instead of the system\'s' -r
complete -c callhome -n "__fish_callhome_using_subcommand probe" -l ca -d 'Authorities to trust for TLS instead of the system\'s (PEM)' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand probe" -l cert -d 'Certificate to show to servers that ask for one (PEM)' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand probe" -l key -d 'Key of that certificate (PEM), only readable by its owner' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand probe" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand probe" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand probe" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand probe" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand probe" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand probe" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand probe" -l watch -d 'Go on until Ctrl-C, or until --count'
complete -c callhome -n "__fish_callhome_using_subcommand probe" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand probe" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand probe" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand probe" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand device; and not __fish_seen_subcommand_from list show lock unlock pin locate ring message audit wipe reset log invite verify add import edit rename delete" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and not __fish_seen_subcommand_from list show lock unlock pin locate ring message audit wipe reset log invite verify add import edit rename delete" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand device; and not __fish_seen_subcommand_from list show lock unlock pin locate ring message audit wipe reset log invite verify add import edit rename delete" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and not __fish_seen_subcommand_from list show lock unlock pin locate ring message audit wipe reset log invite verify add import edit rename delete" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and not __fish_seen_subcommand_from list show lock unlock pin locate ring message audit wipe reset log invite verify add import edit rename delete" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand device; and not __fish_seen_subcommand_from list show lock unlock pin locate ring message audit wipe reset log invite verify add import edit rename delete" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand device; and not __fish_seen_subcommand_from list show lock unlock pin locate ring message audit wipe reset log invite verify add import edit rename delete" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand device; and not __fish_seen_subcommand_from list show lock unlock pin locate ring message audit wipe reset log invite verify add import edit rename delete" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand device; and not __fish_seen_subcommand_from list show lock unlock pin locate ring message audit wipe reset log invite verify add import edit rename delete" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand device; and not __fish_seen_subcommand_from list show lock unlock pin locate ring message audit wipe reset log invite verify add import edit rename delete" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand device; and not __fish_seen_subcommand_from list show lock unlock pin locate ring message audit wipe reset log invite verify add import edit rename delete" -f -a "list" -d 'List devices'
complete -c callhome -n "__fish_callhome_using_subcommand device; and not __fish_seen_subcommand_from list show lock unlock pin locate ring message audit wipe reset log invite verify add import edit rename delete" -f -a "show" -d 'Show everything about a device'
complete -c callhome -n "__fish_callhome_using_subcommand device; and not __fish_seen_subcommand_from list show lock unlock pin locate ring message audit wipe reset log invite verify add import edit rename delete" -f -a "lock" -d 'Lock a device until it is unlocked with a PIN'
complete -c callhome -n "__fish_callhome_using_subcommand device; and not __fish_seen_subcommand_from list show lock unlock pin locate ring message audit wipe reset log invite verify add import edit rename delete" -f -a "unlock" -d 'Unlock a device from afar'
complete -c callhome -n "__fish_callhome_using_subcommand device; and not __fish_seen_subcommand_from list show lock unlock pin locate ring message audit wipe reset log invite verify add import edit rename delete" -f -a "pin" -d 'Show the PIN that unlocks a locked device by hand'
complete -c callhome -n "__fish_callhome_using_subcommand device; and not __fish_seen_subcommand_from list show lock unlock pin locate ring message audit wipe reset log invite verify add import edit rename delete" -f -a "locate" -d 'Ask a device where it is'
complete -c callhome -n "__fish_callhome_using_subcommand device; and not __fish_seen_subcommand_from list show lock unlock pin locate ring message audit wipe reset log invite verify add import edit rename delete" -f -a "ring" -d 'Make a device ring'
complete -c callhome -n "__fish_callhome_using_subcommand device; and not __fish_seen_subcommand_from list show lock unlock pin locate ring message audit wipe reset log invite verify add import edit rename delete" -f -a "message" -d 'Show a message on a device'
complete -c callhome -n "__fish_callhome_using_subcommand device; and not __fish_seen_subcommand_from list show lock unlock pin locate ring message audit wipe reset log invite verify add import edit rename delete" -f -a "audit" -d 'Ask a device for everything about itself'
complete -c callhome -n "__fish_callhome_using_subcommand device; and not __fish_seen_subcommand_from list show lock unlock pin locate ring message audit wipe reset log invite verify add import edit rename delete" -f -a "wipe" -d 'Erase the data on a device'
complete -c callhome -n "__fish_callhome_using_subcommand device; and not __fish_seen_subcommand_from list show lock unlock pin locate ring message audit wipe reset log invite verify add import edit rename delete" -f -a "reset" -d 'Set a device back to factory settings'
complete -c callhome -n "__fish_callhome_using_subcommand device; and not __fish_seen_subcommand_from list show lock unlock pin locate ring message audit wipe reset log invite verify add import edit rename delete" -f -a "log" -d 'Show what was heard of a device'
complete -c callhome -n "__fish_callhome_using_subcommand device; and not __fish_seen_subcommand_from list show lock unlock pin locate ring message audit wipe reset log invite verify add import edit rename delete" -f -a "invite" -d 'Make enrolment codes that let devices in'
complete -c callhome -n "__fish_callhome_using_subcommand device; and not __fish_seen_subcommand_from list show lock unlock pin locate ring message audit wipe reset log invite verify add import edit rename delete" -f -a "verify" -d 'Verify that a phone has its number'
complete -c callhome -n "__fish_callhome_using_subcommand device; and not __fish_seen_subcommand_from list show lock unlock pin locate ring message audit wipe reset log invite verify add import edit rename delete" -f -a "add" -d 'Add a device to the registry by hand'
complete -c callhome -n "__fish_callhome_using_subcommand device; and not __fish_seen_subcommand_from list show lock unlock pin locate ring message audit wipe reset log invite verify add import edit rename delete" -f -a "import" -d 'Add many devices from a CSV or NDJSON file'
complete -c callhome -n "__fish_callhome_using_subcommand device; and not __fish_seen_subcommand_from list show lock unlock pin locate ring message audit wipe reset log invite verify add import edit rename delete" -f -a "edit" -d 'Change what the registry says about a device'
complete -c callhome -n "__fish_callhome_using_subcommand device; and not __fish_seen_subcommand_from list show lock unlock pin locate ring message audit wipe reset log invite verify add import edit rename delete" -f -a "rename" -d 'Give a device another name'
complete -c callhome -n "__fish_callhome_using_subcommand device; and not __fish_seen_subcommand_from list show lock unlock pin locate ring message audit wipe reset log invite verify add import edit rename delete" -f -a "delete" -d 'Remove a device from the registry'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from list" -l silent -d 'Only devices that were not heard for this long, as in 7d' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from list" -l limit -d 'Most devices to list; 0 is all [default: 1,000 for a table, else all]' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from list" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from list" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from list" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from list" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from list" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from list" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from list" -l locked -d 'Only locked devices'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from list" -l unlocked -d 'Only devices that are not locked'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from show" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from show" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from show" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from show" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from show" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from show" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from show" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from lock" -l message -d 'Text on the lock screen' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from lock" -l from -d 'CSV or NDJSON file with one device a row; - is standard input' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from lock" -l rate -d 'At most this many a second or minute, as in 60/min' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from lock" -l jobs -d 'How many at once' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from lock" -l stop-after-failures -d 'Begin no more rows after this many failed' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from lock" -l via -d 'Only over this way: sip-direct, sip-proxy, push or sms' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from lock" -l accept-risk -d 'Risks that you accept: lock, data-loss, bulk' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from lock" -l timeout -d 'How long to wait, as in 30s or 5min' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from lock" -l deadline -d 'Give up if nothing could be sent within this time, as in 2h or 7d' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from lock" -l reason -d 'Why, for the audit trail' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from lock" -l ticket -d 'Ticket in the helpdesk\'s system' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from lock" -l idempotency-key -d 'Key that makes a repeat of this command harmless' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from lock" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from lock" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from lock" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from lock" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from lock" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from lock" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from lock" -s y -l yes -d 'Do not ask; needs --accept-risk and --reason'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from lock" -l wait -d 'Wait until the device has done it'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from lock" -s n -l dry-run -d 'Print what would be sent, and send nothing'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from lock" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from lock" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from lock" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from lock" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from unlock" -l via -d 'Only over this way: sip-direct, sip-proxy, push or sms' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from unlock" -l accept-risk -d 'Risks that you accept: lock, data-loss, bulk' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from unlock" -l timeout -d 'How long to wait, as in 30s or 5min' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from unlock" -l deadline -d 'Give up if nothing could be sent within this time, as in 2h or 7d' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from unlock" -l reason -d 'Why, for the audit trail' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from unlock" -l ticket -d 'Ticket in the helpdesk\'s system' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from unlock" -l idempotency-key -d 'Key that makes a repeat of this command harmless' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from unlock" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from unlock" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from unlock" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from unlock" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from unlock" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from unlock" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from unlock" -s y -l yes -d 'Do not ask; needs --accept-risk and --reason'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from unlock" -l wait -d 'Wait until the device has done it'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from unlock" -s n -l dry-run -d 'Print what would be sent, and send nothing'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from unlock" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from unlock" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from unlock" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from unlock" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from pin" -l reason -d 'Why, for the audit trail' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from pin" -l ticket -d 'Ticket in the helpdesk\'s system' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from pin" -l idempotency-key -d 'Key that makes a repeat of this command harmless' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from pin" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from pin" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from pin" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from pin" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from pin" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from pin" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from pin" -l all -d 'Show the PINs of earlier locks too'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from pin" -s n -l dry-run -d 'Print what would be sent, and send nothing'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from pin" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from pin" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from pin" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from pin" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from locate" -l samples -d 'How many positions to take' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from locate" -l every -d 'Seconds between two positions' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from locate" -l via -d 'Only over this way: sip-direct, sip-proxy, push or sms' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from locate" -l timeout -d 'How long to wait, as in 30s or 5min' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from locate" -l deadline -d 'Give up if nothing could be sent within this time, as in 2h or 7d' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from locate" -l reason -d 'Why, for the audit trail' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from locate" -l ticket -d 'Ticket in the helpdesk\'s system' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from locate" -l idempotency-key -d 'Key that makes a repeat of this command harmless' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from locate" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from locate" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from locate" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from locate" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from locate" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from locate" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from locate" -l wait -d 'Wait until the device has done it'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from locate" -s n -l dry-run -d 'Print what would be sent, and send nothing'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from locate" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from locate" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from locate" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from locate" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from ring" -l seconds -d 'For how long' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from ring" -l via -d 'Only over this way: sip-direct, sip-proxy, push or sms' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from ring" -l timeout -d 'How long to wait, as in 30s or 5min' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from ring" -l deadline -d 'Give up if nothing could be sent within this time, as in 2h or 7d' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from ring" -l reason -d 'Why, for the audit trail' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from ring" -l ticket -d 'Ticket in the helpdesk\'s system' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from ring" -l idempotency-key -d 'Key that makes a repeat of this command harmless' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from ring" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from ring" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from ring" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from ring" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from ring" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from ring" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from ring" -l wait -d 'Wait until the device has done it'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from ring" -s n -l dry-run -d 'Print what would be sent, and send nothing'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from ring" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from ring" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from ring" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from ring" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from message" -l via -d 'Only over this way: sip-direct, sip-proxy, push or sms' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from message" -l timeout -d 'How long to wait, as in 30s or 5min' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from message" -l deadline -d 'Give up if nothing could be sent within this time, as in 2h or 7d' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from message" -l reason -d 'Why, for the audit trail' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from message" -l ticket -d 'Ticket in the helpdesk\'s system' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from message" -l idempotency-key -d 'Key that makes a repeat of this command harmless' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from message" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from message" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from message" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from message" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from message" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from message" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from message" -l wait -d 'Wait until the device has done it'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from message" -s n -l dry-run -d 'Print what would be sent, and send nothing'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from message" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from message" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from message" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from message" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from audit" -l via -d 'Only over this way: sip-direct, sip-proxy, push or sms' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from audit" -l timeout -d 'How long to wait, as in 30s or 5min' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from audit" -l deadline -d 'Give up if nothing could be sent within this time, as in 2h or 7d' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from audit" -l reason -d 'Why, for the audit trail' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from audit" -l ticket -d 'Ticket in the helpdesk\'s system' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from audit" -l idempotency-key -d 'Key that makes a repeat of this command harmless' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from audit" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from audit" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from audit" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from audit" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from audit" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from audit" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from audit" -l wait -d 'Wait until the device has done it'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from audit" -s n -l dry-run -d 'Print what would be sent, and send nothing'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from audit" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from audit" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from audit" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from audit" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from wipe" -l scope -d 'Only this part: contacts, documents or media; everything when absent' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from wipe" -l via -d 'Only over this way: sip-direct, sip-proxy, push or sms' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from wipe" -l accept-risk -d 'Risks that you accept: lock, data-loss, bulk' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from wipe" -l timeout -d 'How long to wait, as in 30s or 5min' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from wipe" -l deadline -d 'Give up if nothing could be sent within this time, as in 2h or 7d' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from wipe" -l reason -d 'Why, for the audit trail' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from wipe" -l ticket -d 'Ticket in the helpdesk\'s system' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from wipe" -l idempotency-key -d 'Key that makes a repeat of this command harmless' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from wipe" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from wipe" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from wipe" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from wipe" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from wipe" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from wipe" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from wipe" -s y -l yes -d 'Do not ask; needs --accept-risk and --reason'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from wipe" -l wait -d 'Wait until the device has done it'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from wipe" -s n -l dry-run -d 'Print what would be sent, and send nothing'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from wipe" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from wipe" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from wipe" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from wipe" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from reset" -l via -d 'Only over this way: sip-direct, sip-proxy, push or sms' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from reset" -l accept-risk -d 'Risks that you accept: lock, data-loss, bulk' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from reset" -l timeout -d 'How long to wait, as in 30s or 5min' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from reset" -l deadline -d 'Give up if nothing could be sent within this time, as in 2h or 7d' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from reset" -l reason -d 'Why, for the audit trail' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from reset" -l ticket -d 'Ticket in the helpdesk\'s system' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from reset" -l idempotency-key -d 'Key that makes a repeat of this command harmless' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from reset" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from reset" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from reset" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from reset" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from reset" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from reset" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from reset" -s y -l yes -d 'Do not ask; needs --accept-risk and --reason'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from reset" -l wait -d 'Wait until the device has done it'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from reset" -s n -l dry-run -d 'Print what would be sent, and send nothing'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from reset" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from reset" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from reset" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from reset" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from log" -l limit -d 'Most lines to show; 0 is all [default: 100 for a table, else all]' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from log" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from log" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from log" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from log" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from log" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from log" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from log" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from log" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from log" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from log" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from invite" -l by -d 'How it gets to the phone; by itself the code is only shown' -r -f -a "sms\t'The server sends a text message to the phone'
email\t'The server sends a letter to its user'
qr\t'It is drawn here, to be scanned'
link\t'Its link is printed, and nothing else'"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from invite" -l number -d 'Number of the phone, for SMS; that of DEVICE otherwise' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from invite" -l email -d 'Address of the phone\'s user, for e-mail' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from invite" -l qr-file -d 'Also draw the QR code into a file: .svg, or text' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from invite" -l count -d 'How many codes' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from invite" -l valid -d 'How long the codes are good, at most 7d' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from invite" -l save -d 'Write the invitation (JSON) into a file that only you can read' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from invite" -l reason -d 'Why, for the audit trail' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from invite" -l ticket -d 'Ticket in the helpdesk\'s system' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from invite" -l idempotency-key -d 'Key that makes a repeat of this command harmless' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from invite" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from invite" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from invite" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from invite" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from invite" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from invite" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from invite" -s n -l dry-run -d 'Print what would be sent, and send nothing'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from invite" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from invite" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from invite" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from invite" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from verify" -l number -d 'Which number; the first that is not verified otherwise. A new one is added' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from verify" -l timeout -d 'How long to wait for the answer' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from verify" -l reason -d 'Why, for the audit trail' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from verify" -l ticket -d 'Ticket in the helpdesk\'s system' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from verify" -l idempotency-key -d 'Key that makes a repeat of this command harmless' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from verify" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from verify" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from verify" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from verify" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from verify" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from verify" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from verify" -l by-user -d 'Have the user type a code'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from verify" -l no-wait -d 'Send the message and do not wait'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from verify" -s n -l dry-run -d 'Print what would be sent, and send nothing'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from verify" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from verify" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from verify" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from add" -l name -d 'Name shown to people' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from add" -l owner -d 'Who uses it' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from add" -l model -d 'Model' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from add" -l number -d 'Phone number, as in +14085550137; may be repeated' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from add" -l set -d 'A further fact' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from add" -l reason -d 'Why, for the audit trail' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from add" -l ticket -d 'Ticket in the helpdesk\'s system' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from add" -l idempotency-key -d 'Key that makes a repeat of this command harmless' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from add" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from add" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from add" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from add" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from add" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from add" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from add" -s n -l dry-run -d 'Print what would be sent, and send nothing'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from add" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from import" -l from -d 'CSV or NDJSON file with one device a row; - is standard input' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from import" -l rate -d 'At most this many a second or minute, as in 60/min' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from import" -l jobs -d 'How many at once' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from import" -l stop-after-failures -d 'Begin no more rows after this many failed' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from import" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from import" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from import" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from import" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from import" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from import" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from import" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from import" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from import" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from edit" -l owner -d 'New owner; empty removes it' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from edit" -l model -d 'New model; empty removes it' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from edit" -l number -d 'New list of phone numbers, best first' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from edit" -l push -d 'New list of addresses at push services, as in fcm:TOKEN or apns:TOKEN' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from edit" -l set -d 'A fact to set; an empty value removes it' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from edit" -l reason -d 'Why, for the audit trail' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from edit" -l ticket -d 'Ticket in the helpdesk\'s system' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from edit" -l idempotency-key -d 'Key that makes a repeat of this command harmless' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from edit" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from edit" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from edit" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from edit" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from edit" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from edit" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from edit" -s n -l dry-run -d 'Print what would be sent, and send nothing'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from edit" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from edit" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from edit" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from edit" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from rename" -l reason -d 'Why, for the audit trail' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from rename" -l ticket -d 'Ticket in the helpdesk\'s system' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from rename" -l idempotency-key -d 'Key that makes a repeat of this command harmless' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from rename" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from rename" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from rename" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from rename" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from rename" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from rename" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from rename" -s n -l dry-run -d 'Print what would be sent, and send nothing'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from rename" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from rename" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from rename" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from rename" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from delete" -l accept-risk -d 'Risks that you accept: lock, data-loss, bulk' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from delete" -l reason -d 'Why, for the audit trail' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from delete" -l ticket -d 'Ticket in the helpdesk\'s system' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from delete" -l idempotency-key -d 'Key that makes a repeat of this command harmless' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from delete" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from delete" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from delete" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from delete" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from delete" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from delete" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from delete" -s y -l yes -d 'Do not ask; needs --accept-risk and --reason'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from delete" -s n -l dry-run -d 'Print what would be sent, and send nothing'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from delete" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from delete" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from delete" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand device; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand action; and not __fish_seen_subcommand_from list show wait cancel retry" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand action; and not __fish_seen_subcommand_from list show wait cancel retry" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand action; and not __fish_seen_subcommand_from list show wait cancel retry" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand action; and not __fish_seen_subcommand_from list show wait cancel retry" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand action; and not __fish_seen_subcommand_from list show wait cancel retry" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand action; and not __fish_seen_subcommand_from list show wait cancel retry" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand action; and not __fish_seen_subcommand_from list show wait cancel retry" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand action; and not __fish_seen_subcommand_from list show wait cancel retry" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand action; and not __fish_seen_subcommand_from list show wait cancel retry" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand action; and not __fish_seen_subcommand_from list show wait cancel retry" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand action; and not __fish_seen_subcommand_from list show wait cancel retry" -f -a "list" -d 'List actions, newest first'
complete -c callhome -n "__fish_callhome_using_subcommand action; and not __fish_seen_subcommand_from list show wait cancel retry" -f -a "show" -d 'Show everything about an action'
complete -c callhome -n "__fish_callhome_using_subcommand action; and not __fish_seen_subcommand_from list show wait cancel retry" -f -a "wait" -d 'Wait until an action has ended'
complete -c callhome -n "__fish_callhome_using_subcommand action; and not __fish_seen_subcommand_from list show wait cancel retry" -f -a "cancel" -d 'Withdraw an action that was not sent yet'
complete -c callhome -n "__fish_callhome_using_subcommand action; and not __fish_seen_subcommand_from list show wait cancel retry" -f -a "retry" -d 'Send an action again now'
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from list" -l device -d 'Only of this device' -r
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from list" -l state -d 'Only in this state: pending, sent, delivered, done, failed, …' -r
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from list" -l limit -d 'Most actions to list; 0 is all [default: 100 for a table, else all]' -r
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from list" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from list" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from list" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from list" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from list" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from list" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from show" -l server -d 'The peer that manages the device, when it is not managed here' -r
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from show" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from show" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from show" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from show" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from show" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from show" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from show" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from wait" -l server -d 'The peer that manages the device, when it is not managed here' -r
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from wait" -l timeout -d 'How long to wait, as in 30s or 5min' -r
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from wait" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from wait" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from wait" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from wait" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from wait" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from wait" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from wait" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from wait" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from wait" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from wait" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from cancel" -l reason -d 'Why, for the audit trail' -r
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from cancel" -l ticket -d 'Ticket in the helpdesk\'s system' -r
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from cancel" -l idempotency-key -d 'Key that makes a repeat of this command harmless' -r
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from cancel" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from cancel" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from cancel" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from cancel" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from cancel" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from cancel" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from cancel" -s n -l dry-run -d 'Print what would be sent, and send nothing'
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from cancel" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from cancel" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from cancel" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from cancel" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from retry" -l via -d 'Only over this way from now on: sip-direct, sip-proxy, push or sms' -r
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from retry" -l timeout -d 'How long to wait, as in 30s or 5min' -r
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from retry" -l deadline -d 'Give up if nothing could be sent within this time, as in 2h or 7d' -r
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from retry" -l reason -d 'Why, for the audit trail' -r
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from retry" -l ticket -d 'Ticket in the helpdesk\'s system' -r
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from retry" -l idempotency-key -d 'Key that makes a repeat of this command harmless' -r
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from retry" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from retry" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from retry" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from retry" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from retry" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from retry" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from retry" -l wait -d 'Wait until the device has done it'
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from retry" -s n -l dry-run -d 'Print what would be sent, and send nothing'
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from retry" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from retry" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from retry" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand action; and __fish_seen_subcommand_from retry" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand callback; and not __fish_seen_subcommand_from request list show watch" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand callback; and not __fish_seen_subcommand_from request list show watch" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand callback; and not __fish_seen_subcommand_from request list show watch" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand callback; and not __fish_seen_subcommand_from request list show watch" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand callback; and not __fish_seen_subcommand_from request list show watch" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand callback; and not __fish_seen_subcommand_from request list show watch" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand callback; and not __fish_seen_subcommand_from request list show watch" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand callback; and not __fish_seen_subcommand_from request list show watch" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand callback; and not __fish_seen_subcommand_from request list show watch" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand callback; and not __fish_seen_subcommand_from request list show watch" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand callback; and not __fish_seen_subcommand_from request list show watch" -f -a "request" -d 'Ask that a device call an application server'
complete -c callhome -n "__fish_callhome_using_subcommand callback; and not __fish_seen_subcommand_from request list show watch" -f -a "list" -d 'List callbacks, newest first'
complete -c callhome -n "__fish_callhome_using_subcommand callback; and not __fish_seen_subcommand_from request list show watch" -f -a "show" -d 'Show how far a callback has got'
complete -c callhome -n "__fish_callhome_using_subcommand callback; and not __fish_seen_subcommand_from request list show watch" -f -a "watch" -d 'Follow a callback to its end, or all of them'
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from request" -l request-id -d 'Your own id of this request, which the call will carry' -r
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from request" -l address -d 'Host of the application server, as in app.example.net:8443' -r
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from request" -l path -d 'Path to call there' -r
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from request" -l protocol -d 'Protocol of the call: http or https' -r -f -a "http\t''
https\t''"
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from request" -l api -d 'What is spoken there' -r
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from request" -l component -d 'Functional component of the device that is meant' -r
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from request" -l alternative -d 'Another address to try; may be repeated' -r
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from request" -l not-before -d 'Not to be called before, as in 2026-11-20T22:00:00Z or +2h' -r
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from request" -l not-after -d 'Not to be called after' -r
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from request" -l part -d 'A further part for the device; may be repeated' -r
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from request" -l via -d 'Only these ways, in this order: sip-direct, sip-proxy, sms' -r
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from request" -l deadline -d 'How long to try, as in 5min or 2h; with --not-before from then on' -r
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from request" -l timeout -d 'How long to wait, as in 30s or 5min' -r
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from request" -l reason -d 'Why, for the audit trail' -r
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from request" -l ticket -d 'Ticket in the helpdesk\'s system' -r
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from request" -l idempotency-key -d 'Key that makes a repeat of this command harmless' -r
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from request" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from request" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from request" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from request" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from request" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from request" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from request" -l wait -d 'Wait until the device has called'
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from request" -s n -l dry-run -d 'Print what would be sent, and send nothing'
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from request" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from request" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from request" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from request" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from list" -l device -d 'Only of this device' -r
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from list" -l limit -d 'Most callbacks to list; 0 is all [default: 100 for a table, else all]' -r
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from list" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from list" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from list" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from list" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from list" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from list" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from show" -l server -d 'The peer that reaches the device, when that is not the server asked' -r
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from show" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from show" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from show" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from show" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from show" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from show" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from show" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from watch" -l server -d 'The peer that reaches the device, when that is not the server asked' -r
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from watch" -l timeout -d 'How long to watch, as in 30s or 5min' -r
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from watch" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from watch" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from watch" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from watch" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from watch" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from watch" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from watch" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from watch" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from watch" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand callback; and __fish_seen_subcommand_from watch" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand backup; and not __fish_seen_subcommand_from create list show download restore" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand backup; and not __fish_seen_subcommand_from create list show download restore" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand backup; and not __fish_seen_subcommand_from create list show download restore" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand backup; and not __fish_seen_subcommand_from create list show download restore" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand backup; and not __fish_seen_subcommand_from create list show download restore" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand backup; and not __fish_seen_subcommand_from create list show download restore" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand backup; and not __fish_seen_subcommand_from create list show download restore" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand backup; and not __fish_seen_subcommand_from create list show download restore" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand backup; and not __fish_seen_subcommand_from create list show download restore" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand backup; and not __fish_seen_subcommand_from create list show download restore" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand backup; and not __fish_seen_subcommand_from create list show download restore" -f -a "create" -d 'Ask a device to back up'
complete -c callhome -n "__fish_callhome_using_subcommand backup; and not __fish_seen_subcommand_from create list show download restore" -f -a "list" -d 'List the backups of a device'
complete -c callhome -n "__fish_callhome_using_subcommand backup; and not __fish_seen_subcommand_from create list show download restore" -f -a "show" -d 'Show what is in a backup'
complete -c callhome -n "__fish_callhome_using_subcommand backup; and not __fish_seen_subcommand_from create list show download restore" -f -a "download" -d 'Save a backup\'s files on this machine'
complete -c callhome -n "__fish_callhome_using_subcommand backup; and not __fish_seen_subcommand_from create list show download restore" -f -a "restore" -d 'Put a backup back on a device'
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from create" -l group -d 'Only this group of contacts; may be repeated' -r
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from create" -l via -d 'Only over this way: sip-direct, sip-proxy, push or sms' -r
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from create" -l timeout -d 'How long to wait, as in 30s or 5min' -r
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from create" -l deadline -d 'Give up if nothing could be sent within this time, as in 2h or 7d' -r
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from create" -l reason -d 'Why, for the audit trail' -r
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from create" -l ticket -d 'Ticket in the helpdesk\'s system' -r
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from create" -l idempotency-key -d 'Key that makes a repeat of this command harmless' -r
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from create" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from create" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from create" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from create" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from create" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from create" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from create" -l wait -d 'Wait until the device has done it'
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from create" -s n -l dry-run -d 'Print what would be sent, and send nothing'
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from create" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from create" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from create" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from create" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from list" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from list" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from list" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from list" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from list" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from list" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from show" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from show" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from show" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from show" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from show" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from show" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from show" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from download" -l into -d 'Folder to save into; named after the backup when absent' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from download" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from download" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from download" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from download" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from download" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from download" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from download" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from download" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from download" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from download" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from restore" -l to -d 'Another device: IMEI, serial number, phone number, name, owner or id' -r
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from restore" -l via -d 'Only over this way: sip-direct, sip-proxy, push or sms' -r
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from restore" -l accept-risk -d 'Risks that you accept: lock, data-loss, bulk' -r
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from restore" -l timeout -d 'How long to wait, as in 30s or 5min' -r
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from restore" -l deadline -d 'Give up if nothing could be sent within this time, as in 2h or 7d' -r
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from restore" -l reason -d 'Why, for the audit trail' -r
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from restore" -l ticket -d 'Ticket in the helpdesk\'s system' -r
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from restore" -l idempotency-key -d 'Key that makes a repeat of this command harmless' -r
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from restore" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from restore" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from restore" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from restore" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from restore" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from restore" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from restore" -s y -l yes -d 'Do not ask; needs --accept-risk and --reason'
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from restore" -l wait -d 'Wait until the device has done it'
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from restore" -s n -l dry-run -d 'Print what would be sent, and send nothing'
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from restore" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from restore" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from restore" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand backup; and __fish_seen_subcommand_from restore" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and not __fish_seen_subcommand_from template check run resume report list" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and not __fish_seen_subcommand_from template check run resume report list" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and not __fish_seen_subcommand_from template check run resume report list" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and not __fish_seen_subcommand_from template check run resume report list" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and not __fish_seen_subcommand_from template check run resume report list" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and not __fish_seen_subcommand_from template check run resume report list" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and not __fish_seen_subcommand_from template check run resume report list" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and not __fish_seen_subcommand_from template check run resume report list" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and not __fish_seen_subcommand_from template check run resume report list" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and not __fish_seen_subcommand_from template check run resume report list" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and not __fish_seen_subcommand_from template check run resume report list" -f -a "template" -d 'Print an input file to begin with'
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and not __fish_seen_subcommand_from template check run resume report list" -f -a "check" -d 'Say what is wrong with an input file, without sending anything'
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and not __fish_seen_subcommand_from template check run resume report list" -f -a "run" -d 'Have every device in a file do something'
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and not __fish_seen_subcommand_from template check run resume report list" -f -a "resume" -d 'Go on with a run that was stopped'
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and not __fish_seen_subcommand_from template check run resume report list" -f -a "report" -d 'Show how each row of a run ended'
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and not __fish_seen_subcommand_from template check run resume report list" -f -a "list" -d 'List the runs of this data folder'
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from template" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from template" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from template" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from template" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from template" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from template" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from template" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from template" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from template" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from template" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from check" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from check" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from check" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from check" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from check" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from check" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from check" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from run" -l text -d 'Text to show, for device.message and device.lock' -r
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from run" -l via -d 'Only over this way: sip-direct, sip-proxy, push or sms' -r
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from run" -l from -d 'CSV or NDJSON file with one device a row; - is standard input' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from run" -l rate -d 'At most this many a second or minute, as in 60/min' -r
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from run" -l jobs -d 'How many at once' -r
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from run" -l stop-after-failures -d 'Begin no more rows after this many failed' -r
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from run" -l accept-risk -d 'Risks that you accept: lock, data-loss, bulk' -r
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from run" -l timeout -d 'How long to wait, as in 30s or 5min' -r
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from run" -l deadline -d 'Give up if nothing could be sent within this time, as in 2h or 7d' -r
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from run" -l reason -d 'Why, for the audit trail' -r
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from run" -l ticket -d 'Ticket in the helpdesk\'s system' -r
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from run" -l idempotency-key -d 'Key that makes a repeat of this command harmless' -r
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from run" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from run" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from run" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from run" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from run" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from run" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from run" -s y -l yes -d 'Do not ask; needs --accept-risk and --reason'
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from run" -l wait -d 'Wait until the device has done it'
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from run" -s n -l dry-run -d 'Print what would be sent, and send nothing'
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from run" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from run" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from run" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from run" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from resume" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from resume" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from resume" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from resume" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from resume" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from resume" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from resume" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from resume" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from resume" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from resume" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from report" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from report" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from report" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from report" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from report" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from report" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from report" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from report" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from report" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from report" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from list" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from list" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from list" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from list" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from list" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from list" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand bulk; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand audit; and not __fish_seen_subcommand_from list verify" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand audit; and not __fish_seen_subcommand_from list verify" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand audit; and not __fish_seen_subcommand_from list verify" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand audit; and not __fish_seen_subcommand_from list verify" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand audit; and not __fish_seen_subcommand_from list verify" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand audit; and not __fish_seen_subcommand_from list verify" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand audit; and not __fish_seen_subcommand_from list verify" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand audit; and not __fish_seen_subcommand_from list verify" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand audit; and not __fish_seen_subcommand_from list verify" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand audit; and not __fish_seen_subcommand_from list verify" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand audit; and not __fish_seen_subcommand_from list verify" -f -a "list" -d 'List what was done, by whom and to what'
complete -c callhome -n "__fish_callhome_using_subcommand audit; and not __fish_seen_subcommand_from list verify" -f -a "verify" -d 'Check that nothing in the trail was changed or removed'
complete -c callhome -n "__fish_callhome_using_subcommand audit; and __fish_seen_subcommand_from list" -l after -d 'Only entries with a number above this, oldest first' -r
complete -c callhome -n "__fish_callhome_using_subcommand audit; and __fish_seen_subcommand_from list" -l limit -d 'Most entries to list; 0 is all [default: 100 for a table, else all]' -r
complete -c callhome -n "__fish_callhome_using_subcommand audit; and __fish_seen_subcommand_from list" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand audit; and __fish_seen_subcommand_from list" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand audit; and __fish_seen_subcommand_from list" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand audit; and __fish_seen_subcommand_from list" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand audit; and __fish_seen_subcommand_from list" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand audit; and __fish_seen_subcommand_from list" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand audit; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand audit; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand audit; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand audit; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand audit; and __fish_seen_subcommand_from verify" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand audit; and __fish_seen_subcommand_from verify" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand audit; and __fish_seen_subcommand_from verify" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand audit; and __fish_seen_subcommand_from verify" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand audit; and __fish_seen_subcommand_from verify" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand audit; and __fish_seen_subcommand_from verify" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand audit; and __fish_seen_subcommand_from verify" -l checkpoint -d 'Sign the end of the trail as it is now, and print the checkpoint'
complete -c callhome -n "__fish_callhome_using_subcommand audit; and __fish_seen_subcommand_from verify" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand audit; and __fish_seen_subcommand_from verify" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand audit; and __fish_seen_subcommand_from verify" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand audit; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand auth; and not __fish_seen_subcommand_from login logout status password token" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand auth; and not __fish_seen_subcommand_from login logout status password token" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand auth; and not __fish_seen_subcommand_from login logout status password token" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand auth; and not __fish_seen_subcommand_from login logout status password token" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand auth; and not __fish_seen_subcommand_from login logout status password token" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand auth; and not __fish_seen_subcommand_from login logout status password token" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand auth; and not __fish_seen_subcommand_from login logout status password token" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand auth; and not __fish_seen_subcommand_from login logout status password token" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand auth; and not __fish_seen_subcommand_from login logout status password token" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand auth; and not __fish_seen_subcommand_from login logout status password token" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand auth; and not __fish_seen_subcommand_from login logout status password token" -f -a "login" -d 'Log in at a server and remember it as a context'
complete -c callhome -n "__fish_callhome_using_subcommand auth; and not __fish_seen_subcommand_from login logout status password token" -f -a "logout" -d 'Log out'
complete -c callhome -n "__fish_callhome_using_subcommand auth; and not __fish_seen_subcommand_from login logout status password token" -f -a "status" -d 'Show who you are logged in as'
complete -c callhome -n "__fish_callhome_using_subcommand auth; and not __fish_seen_subcommand_from login logout status password token" -f -a "password" -d 'Change your password'
complete -c callhome -n "__fish_callhome_using_subcommand auth; and not __fish_seen_subcommand_from login logout status password token" -f -a "token" -d 'Make and revoke tokens for scripts'
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from login" -l server -d 'Address of the server; that of the context when absent' -r
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from login" -l operator -d 'Name to log in with' -r
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from login" -l as -d 'Name of the context to remember; made from the address when absent' -r
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from login" -l ca-file -d 'Certificate (PEM) of the server\'s authority, to pin without asking' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from login" -l fingerprint -d 'Fingerprint (SHA-256) of the server\'s authority, to pin without asking' -r
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from login" -l password-file -d 'File with the password or one-time code; - is standard input' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from login" -l new-password-file -d 'File with the new password, when a one-time code is given' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from login" -l keep -d 'Where to keep the login: auto, keyring, kernel, key-file, passphrase, plain-file' -r -f -a "auto\t'The desktop\'s keyring, else the kernel\'s keys for this login'
keyring\t'The desktop\'s keyring'
kernel\t'The kernel\'s keys: gone after this login'
key-file\t'A file sealed with a key file beside it'
passphrase\t'A file sealed with a passphrase that is asked for each time'
plain-file\t'A plain file that only you can read'"
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from login" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from login" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from login" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from login" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from login" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from login" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from login" -l any-address -d 'Let the login be used from other addresses too'
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from login" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from login" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from login" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from login" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from logout" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from logout" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from logout" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from logout" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from logout" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from logout" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from logout" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from logout" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from logout" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from logout" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from status" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from status" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from status" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from status" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from status" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from status" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from status" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from password" -l current-file -d 'File with the password so far' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from password" -l new-file -d 'File with the new password' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from password" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from password" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from password" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from password" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from password" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from password" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from password" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from password" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from password" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from password" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from token" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from token" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from token" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from token" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from token" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from token" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from token" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from token" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from token" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from token" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from token" -f -a "create" -d 'Make a token for a script'
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from token" -f -a "list" -d 'List tokens'
complete -c callhome -n "__fish_callhome_using_subcommand auth; and __fish_seen_subcommand_from token" -f -a "revoke" -d 'Revoke a token'
complete -c callhome -n "__fish_callhome_using_subcommand operator; and not __fish_seen_subcommand_from list add set-role remove" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand operator; and not __fish_seen_subcommand_from list add set-role remove" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand operator; and not __fish_seen_subcommand_from list add set-role remove" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand operator; and not __fish_seen_subcommand_from list add set-role remove" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand operator; and not __fish_seen_subcommand_from list add set-role remove" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand operator; and not __fish_seen_subcommand_from list add set-role remove" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand operator; and not __fish_seen_subcommand_from list add set-role remove" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand operator; and not __fish_seen_subcommand_from list add set-role remove" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand operator; and not __fish_seen_subcommand_from list add set-role remove" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand operator; and not __fish_seen_subcommand_from list add set-role remove" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand operator; and not __fish_seen_subcommand_from list add set-role remove" -f -a "list" -d 'List operators and their roles'
complete -c callhome -n "__fish_callhome_using_subcommand operator; and not __fish_seen_subcommand_from list add set-role remove" -f -a "add" -d 'Add an operator'
complete -c callhome -n "__fish_callhome_using_subcommand operator; and not __fish_seen_subcommand_from list add set-role remove" -f -a "set-role" -d 'Give an operator another role'
complete -c callhome -n "__fish_callhome_using_subcommand operator; and not __fish_seen_subcommand_from list add set-role remove" -f -a "remove" -d 'Remove an operator; what they are logged in with ends at once'
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from list" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from list" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from list" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from list" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from list" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from list" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from add" -l password-file -d 'File with the first password (at least 10 characters); - is standard input' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from add" -l reason -d 'Why, for the audit trail' -r
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from add" -l ticket -d 'Ticket in the helpdesk\'s system' -r
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from add" -l idempotency-key -d 'Key that makes a repeat of this command harmless' -r
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from add" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from add" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from add" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from add" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from add" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from add" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from add" -s n -l dry-run -d 'Print what would be sent, and send nothing'
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from add" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from set-role" -l reason -d 'Why, for the audit trail' -r
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from set-role" -l ticket -d 'Ticket in the helpdesk\'s system' -r
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from set-role" -l idempotency-key -d 'Key that makes a repeat of this command harmless' -r
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from set-role" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from set-role" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from set-role" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from set-role" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from set-role" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from set-role" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from set-role" -s n -l dry-run -d 'Print what would be sent, and send nothing'
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from set-role" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from set-role" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from set-role" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from set-role" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from remove" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from remove" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from remove" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from remove" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from remove" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from remove" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from remove" -s y -l yes -d 'Do not ask'
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from remove" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand operator; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand serve" -l name -d 'Name of this server among the others' -r
complete -c callhome -n "__fish_callhome_using_subcommand serve" -l listen -d 'Where to listen for HTTPS [default: 127.0.0.1:8443]' -r
complete -c callhome -n "__fish_callhome_using_subcommand serve" -l listen-sip -d 'Where to listen for SIP over UDP and TCP [default: 127.0.0.1:5060]' -r
complete -c callhome -n "__fish_callhome_using_subcommand serve" -l listen-sips -d 'Where to listen for SIP over TLS [default: 5061 where the other one is 5060]' -r
complete -c callhome -n "__fish_callhome_using_subcommand serve" -l public-url -d 'Address under which devices reach this server, when it is another one' -r
complete -c callhome -n "__fish_callhome_using_subcommand serve" -l sip-domain -d 'Domain of the devices\' SIP addresses' -r
complete -c callhome -n "__fish_callhome_using_subcommand serve" -l dns -d 'Name server to ask where SIP addresses lead, instead of the system\'s' -r
complete -c callhome -n "__fish_callhome_using_subcommand serve" -l enum-zone -d 'ENUM zone to ask for the addresses of numbers, for devices that are not registered, as in e164.arpa' -r
complete -c callhome -n "__fish_callhome_using_subcommand serve" -l directory -d 'SIP server to ask where a device is that is not registered; may be repeated' -r
complete -c callhome -n "__fish_callhome_using_subcommand serve" -l sip-ca -d 'Authority to trust for SIP over TLS beside the system\'s and its own (PEM); may be repeated' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand serve" -l fault -d 'Ends the process at a named step, for drills; needs `CALLHOME_FAULTS=1`' -r
complete -c callhome -n "__fish_callhome_using_subcommand serve" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand serve" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand serve" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand serve" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand serve" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand serve" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand serve" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand serve" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand serve" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand serve" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand server; and not __fish_seen_subcommand_from status backup restore customers evaluate convert secret" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand server; and not __fish_seen_subcommand_from status backup restore customers evaluate convert secret" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand server; and not __fish_seen_subcommand_from status backup restore customers evaluate convert secret" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand server; and not __fish_seen_subcommand_from status backup restore customers evaluate convert secret" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand server; and not __fish_seen_subcommand_from status backup restore customers evaluate convert secret" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand server; and not __fish_seen_subcommand_from status backup restore customers evaluate convert secret" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand server; and not __fish_seen_subcommand_from status backup restore customers evaluate convert secret" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand server; and not __fish_seen_subcommand_from status backup restore customers evaluate convert secret" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand server; and not __fish_seen_subcommand_from status backup restore customers evaluate convert secret" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand server; and not __fish_seen_subcommand_from status backup restore customers evaluate convert secret" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand server; and not __fish_seen_subcommand_from status backup restore customers evaluate convert secret" -f -a "status" -d 'Show how the server is'
complete -c callhome -n "__fish_callhome_using_subcommand server; and not __fish_seen_subcommand_from status backup restore customers evaluate convert secret" -f -a "backup" -d 'Save a consistent copy of the server\'s data'
complete -c callhome -n "__fish_callhome_using_subcommand server; and not __fish_seen_subcommand_from status backup restore customers evaluate convert secret" -f -a "restore" -d 'Put a copy into an empty data folder'
complete -c callhome -n "__fish_callhome_using_subcommand server; and not __fish_seen_subcommand_from status backup restore customers evaluate convert secret" -f -a "customers" -d 'List system ids: this server\'s own, and those that it leads devices to'
complete -c callhome -n "__fish_callhome_using_subcommand server; and not __fish_seen_subcommand_from status backup restore customers evaluate convert secret" -f -a "evaluate" -d 'Put this server, or a customer of this router, into evaluation until a date'
complete -c callhome -n "__fish_callhome_using_subcommand server; and not __fish_seen_subcommand_from status backup restore customers evaluate convert secret" -f -a "convert" -d 'End an evaluation for good: the customer pays'
complete -c callhome -n "__fish_callhome_using_subcommand server; and not __fish_seen_subcommand_from status backup restore customers evaluate convert secret" -f -a "secret" -d 'Keep the server\'s passwords and keys in the keyring instead of in files'
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from status" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from status" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from status" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from status" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from status" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from status" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from status" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from backup" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from backup" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from backup" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from backup" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from backup" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from backup" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from backup" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from backup" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from backup" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from backup" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from restore" -l master-key -d 'The master.key of the server that was copied; the one in the data folder when absent' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from restore" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from restore" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from restore" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from restore" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from restore" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from restore" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from restore" -s y -l yes -d 'Do not ask: the server that was copied does not run any more'
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from restore" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from restore" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from restore" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from restore" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from customers" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from customers" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from customers" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from customers" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from customers" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from customers" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from customers" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from customers" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from customers" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from customers" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from evaluate" -l until -d 'Its last day (UTC), as in 2027-01-31, or a time as in 2027-01-31T18:00:00Z' -r
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from evaluate" -l reason -d 'Why, for the audit trail' -r
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from evaluate" -l ticket -d 'Ticket in the helpdesk\'s system' -r
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from evaluate" -l idempotency-key -d 'Key that makes a repeat of this command harmless' -r
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from evaluate" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from evaluate" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from evaluate" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from evaluate" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from evaluate" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from evaluate" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from evaluate" -s n -l dry-run -d 'Print what would be sent, and send nothing'
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from evaluate" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from evaluate" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from evaluate" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from evaluate" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from convert" -l reason -d 'Why, for the audit trail' -r
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from convert" -l ticket -d 'Ticket in the helpdesk\'s system' -r
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from convert" -l idempotency-key -d 'Key that makes a repeat of this command harmless' -r
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from convert" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from convert" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from convert" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from convert" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from convert" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from convert" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from convert" -s n -l dry-run -d 'Print what would be sent, and send nothing'
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from convert" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from convert" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from convert" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from convert" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from secret" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from secret" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from secret" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from secret" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from secret" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from secret" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from secret" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from secret" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from secret" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from secret" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from secret" -f -a "set" -d 'Keep a secret under a name'
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from secret" -f -a "list" -d 'List the secrets that the settings name, and whether each is there'
complete -c callhome -n "__fish_callhome_using_subcommand server; and __fish_seen_subcommand_from secret" -f -a "remove" -d 'Forget a secret'
complete -c callhome -n "__fish_callhome_using_subcommand config; and not __fish_seen_subcommand_from explain template" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand config; and not __fish_seen_subcommand_from explain template" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand config; and not __fish_seen_subcommand_from explain template" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand config; and not __fish_seen_subcommand_from explain template" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand config; and not __fish_seen_subcommand_from explain template" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand config; and not __fish_seen_subcommand_from explain template" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand config; and not __fish_seen_subcommand_from explain template" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand config; and not __fish_seen_subcommand_from explain template" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand config; and not __fish_seen_subcommand_from explain template" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand config; and not __fish_seen_subcommand_from explain template" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand config; and not __fish_seen_subcommand_from explain template" -f -a "explain" -d 'Show every setting with the place it comes from'
complete -c callhome -n "__fish_callhome_using_subcommand config; and not __fish_seen_subcommand_from explain template" -f -a "template" -d 'Print every setting with an example, all commented out'
complete -c callhome -n "__fish_callhome_using_subcommand config; and __fish_seen_subcommand_from explain" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand config; and __fish_seen_subcommand_from explain" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand config; and __fish_seen_subcommand_from explain" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand config; and __fish_seen_subcommand_from explain" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand config; and __fish_seen_subcommand_from explain" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand config; and __fish_seen_subcommand_from explain" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand config; and __fish_seen_subcommand_from explain" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand config; and __fish_seen_subcommand_from explain" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand config; and __fish_seen_subcommand_from explain" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand config; and __fish_seen_subcommand_from explain" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand config; and __fish_seen_subcommand_from template" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand config; and __fish_seen_subcommand_from template" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand config; and __fish_seen_subcommand_from template" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand config; and __fish_seen_subcommand_from template" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand config; and __fish_seen_subcommand_from template" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand config; and __fish_seen_subcommand_from template" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand config; and __fish_seen_subcommand_from template" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand config; and __fish_seen_subcommand_from template" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand config; and __fish_seen_subcommand_from template" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand config; and __fish_seen_subcommand_from template" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand schema" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand schema" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand schema" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand schema" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand schema" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand schema" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand schema" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand schema" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand schema" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand schema" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand context; and not __fish_seen_subcommand_from list use show add remove" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand context; and not __fish_seen_subcommand_from list use show add remove" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand context; and not __fish_seen_subcommand_from list use show add remove" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand context; and not __fish_seen_subcommand_from list use show add remove" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand context; and not __fish_seen_subcommand_from list use show add remove" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand context; and not __fish_seen_subcommand_from list use show add remove" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand context; and not __fish_seen_subcommand_from list use show add remove" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand context; and not __fish_seen_subcommand_from list use show add remove" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand context; and not __fish_seen_subcommand_from list use show add remove" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand context; and not __fish_seen_subcommand_from list use show add remove" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand context; and not __fish_seen_subcommand_from list use show add remove" -f -a "list" -d 'List the contexts'
complete -c callhome -n "__fish_callhome_using_subcommand context; and not __fish_seen_subcommand_from list use show add remove" -f -a "use" -d 'Use a context from now on'
complete -c callhome -n "__fish_callhome_using_subcommand context; and not __fish_seen_subcommand_from list use show add remove" -f -a "show" -d 'Show a context'
complete -c callhome -n "__fish_callhome_using_subcommand context; and not __fish_seen_subcommand_from list use show add remove" -f -a "add" -d 'Add a context by hand'
complete -c callhome -n "__fish_callhome_using_subcommand context; and not __fish_seen_subcommand_from list use show add remove" -f -a "remove" -d 'Forget a context'
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from list" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from list" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from list" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from list" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from list" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from list" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from list" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from use" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from use" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from use" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from use" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from use" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from use" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from use" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from use" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from use" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from use" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from show" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from show" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from show" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from show" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from show" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from show" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from show" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from add" -l ca-file -d 'Certificate (PEM) of the server\'s authority' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from add" -l operator -d 'Name to log in with' -r
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from add" -l token-file -d 'File with a token for scripts (mode 0600)' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from add" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from add" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from add" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from add" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from add" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from add" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from add" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from add" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from add" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from add" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from remove" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from remove" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from remove" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from remove" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from remove" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from remove" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from remove" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from remove" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from remove" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand context; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand doctor" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand doctor" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand doctor" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand doctor" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand doctor" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand doctor" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand doctor" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand doctor" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand doctor" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand doctor" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand completion" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand completion" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand completion" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand completion" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand completion" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand completion" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand completion" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand completion" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand completion" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand completion" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand decode" -l text -d 'The message itself' -r
complete -c callhome -n "__fish_callhome_using_subcommand decode" -l kind -d 'What it is, when that is not plain from the message' -r -f -a "sip\t'SIP request or answer'
contact-me\t'Body that asks a device to call back'
action\t'Action string, `KME …`'
reply\t'Reply by text message, `KMR …`'
result\t'Result document, XML'
smpp\t'SMPP 3.4 PDU, as octets or hexadecimal digits'
receipt\t'Text of an SMPP delivery receipt, `id:… stat:…`'
notification\t'OMA DM notification, with or without the WAP push around it'"
complete -c callhome -n "__fish_callhome_using_subcommand decode" -l secret-file -d 'Check signatures with the device\'s secret in this file (mode 0600)' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand decode" -l enrolled -d 'Version of action strings that the device enrolled with; lower ones are refused' -r
complete -c callhome -n "__fish_callhome_using_subcommand decode" -l password-file -d 'DM notification: check the digest with the server\'s password in this file (mode 0600)' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand decode" -l nonce -d 'DM notification: the nonce that the device gave last, in base64' -r
complete -c callhome -n "__fish_callhome_using_subcommand decode" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand decode" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand decode" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand decode" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand decode" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand decode" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand decode" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand decode" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand decode" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand decode" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c callhome -n "__fish_callhome_using_subcommand demo" -l folder -d 'Play in this folder, which must not exist yet, and keep it' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand demo" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand demo" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand demo" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand demo" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand demo" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand demo" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand demo" -l keep -d 'Leave everything running until Ctrl-C, and print commands to try'
complete -c callhome -n "__fish_callhome_using_subcommand demo" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand demo" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand demo" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand demo" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and not __fish_seen_subcommand_from notify invite options register send listen events resolve" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and not __fish_seen_subcommand_from notify invite options register send listen events resolve" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand sip; and not __fish_seen_subcommand_from notify invite options register send listen events resolve" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and not __fish_seen_subcommand_from notify invite options register send listen events resolve" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and not __fish_seen_subcommand_from notify invite options register send listen events resolve" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand sip; and not __fish_seen_subcommand_from notify invite options register send listen events resolve" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sip; and not __fish_seen_subcommand_from notify invite options register send listen events resolve" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and not __fish_seen_subcommand_from notify invite options register send listen events resolve" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and not __fish_seen_subcommand_from notify invite options register send listen events resolve" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and not __fish_seen_subcommand_from notify invite options register send listen events resolve" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and not __fish_seen_subcommand_from notify invite options register send listen events resolve" -f -a "notify" -d 'Notify a device, so that it calls home or fetches its configuration'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and not __fish_seen_subcommand_from notify invite options register send listen events resolve" -f -a "invite" -d 'Call a device that answers by itself, then hang up'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and not __fish_seen_subcommand_from notify invite options register send listen events resolve" -f -a "options" -d 'Ask whether somebody is there and what it can do'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and not __fish_seen_subcommand_from notify invite options register send listen events resolve" -f -a "register" -d 'Register an address at a registrar'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and not __fish_seen_subcommand_from notify invite options register send listen events resolve" -f -a "send" -d 'Send the SIP message that a file holds'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and not __fish_seen_subcommand_from notify invite options register send listen events resolve" -f -a "listen" -d 'Show SIP requests that arrive, and answer them'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and not __fish_seen_subcommand_from notify invite options register send listen events resolve" -f -a "events" -d 'List the event packages that real phones act on'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and not __fish_seen_subcommand_from notify invite options register send listen events resolve" -f -a "resolve" -d 'Show where a SIP address leads, in the order in which it is tried'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from notify" -l event -d 'Event package' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from notify" -l vendor -d 'Send what the phone\'s vendor calls this event; auto goes by the phone\'s User-Agent' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from notify" -l wait -d 'Wait until the phone has registered again, for so long' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from notify" -l address -d 'Server that the device is to call, as in mgmt.example.net:8443' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from notify" -l path -d 'Path to call there' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from notify" -l request-id -d 'Id that ties the call to this request' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from notify" -l protocol -d 'Protocol of the call: http or https' -r -f -a "http\t''
https\t''"
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from notify" -l body -d 'The body, as text' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from notify" -l body-file -d 'File with the body, may be binary; - for standard input' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from notify" -l content-type -d 'Type of the body' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from notify" -l from -d 'CSV or NDJSON file with one address a row; - is standard input' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from notify" -l rate -d 'At most this many messages a second, copies included; 0 is no limit' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from notify" -l jobs -d 'How many may be unanswered at once' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from notify" -l stop-after-failures -d 'Begin no more targets after this many failed' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from notify" -l proxy -d 'Send it through this proxy (loose route)' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from notify" -l user -d 'User name for digest challenges' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from notify" -l password-file -d 'File with the password, only readable by its owner' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from notify" -l as -d 'Address of record to send as' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from notify" -l header -d 'Add a header field, as in \'Subject: hello\'; may be repeated' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from notify" -l timeout -d 'How long to wait for an answer, as in 4s or 1min' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from notify" -l transport -d 'Send it over this transport: udp, tcp, tls, ws or wss' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from notify" -l dns -d 'Name server to ask instead of the system\'s' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from notify" -l ca -d 'Authorities to trust for TLS instead of the system\'s (PEM)' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from notify" -l cert -d 'Certificate to show to servers that ask for one (PEM)' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from notify" -l key -d 'Key of that certificate (PEM), only readable by its owner' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from notify" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from notify" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from notify" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from notify" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from notify" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from notify" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from notify" -l xml -d 'Write the contact-me body as XML'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from notify" -s n -l dry-run -d 'Print the message that would be sent, and send nothing'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from notify" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from notify" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from notify" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from notify" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from invite" -l body -d 'The body, as text' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from invite" -l body-file -d 'File with the body, may be binary; - for standard input' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from invite" -l content-type -d 'Type of the body' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from invite" -l proxy -d 'Send it through this proxy (loose route)' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from invite" -l user -d 'User name for digest challenges' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from invite" -l password-file -d 'File with the password, only readable by its owner' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from invite" -l as -d 'Address of record to send as' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from invite" -l header -d 'Add a header field, as in \'Subject: hello\'; may be repeated' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from invite" -l timeout -d 'How long to wait for an answer, as in 4s or 1min' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from invite" -l transport -d 'Send it over this transport: udp, tcp, tls, ws or wss' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from invite" -l dns -d 'Name server to ask instead of the system\'s' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from invite" -l ca -d 'Authorities to trust for TLS instead of the system\'s (PEM)' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from invite" -l cert -d 'Certificate to show to servers that ask for one (PEM)' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from invite" -l key -d 'Key of that certificate (PEM), only readable by its owner' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from invite" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from invite" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from invite" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from invite" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from invite" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from invite" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from invite" -s n -l dry-run -d 'Print the message that would be sent, and send nothing'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from invite" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from invite" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from invite" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from invite" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from options" -l from -d 'CSV or NDJSON file with one address a row; - is standard input' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from options" -l rate -d 'At most this many messages a second, copies included; 0 is no limit' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from options" -l jobs -d 'How many may be unanswered at once' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from options" -l stop-after-failures -d 'Begin no more targets after this many failed' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from options" -l proxy -d 'Send it through this proxy (loose route)' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from options" -l user -d 'User name for digest challenges' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from options" -l password-file -d 'File with the password, only readable by its owner' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from options" -l as -d 'Address of record to send as' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from options" -l header -d 'Add a header field, as in \'Subject: hello\'; may be repeated' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from options" -l timeout -d 'How long to wait for an answer, as in 4s or 1min' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from options" -l transport -d 'Send it over this transport: udp, tcp, tls, ws or wss' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from options" -l dns -d 'Name server to ask instead of the system\'s' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from options" -l ca -d 'Authorities to trust for TLS instead of the system\'s (PEM)' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from options" -l cert -d 'Certificate to show to servers that ask for one (PEM)' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from options" -l key -d 'Key of that certificate (PEM), only readable by its owner' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from options" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from options" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from options" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from options" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from options" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from options" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from options" -s n -l dry-run -d 'Print the message that would be sent, and send nothing'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from options" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from options" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from options" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from options" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from register" -l registrar -d 'The registrar; the host of ADDRESS when absent' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from register" -l contact -d 'Where the device is to be reached; may be repeated' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from register" -l instance -d 'Id of the device, so that a new contact replaces its old one' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from register" -l expires -d 'Seconds that it holds; 0 ends it' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from register" -l proxy -d 'Send it through this proxy (loose route)' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from register" -l user -d 'User name for digest challenges' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from register" -l password-file -d 'File with the password, only readable by its owner' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from register" -l as -d 'Address of record to send as' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from register" -l header -d 'Add a header field, as in \'Subject: hello\'; may be repeated' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from register" -l timeout -d 'How long to wait for an answer, as in 4s or 1min' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from register" -l transport -d 'Send it over this transport: udp, tcp, tls, ws or wss' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from register" -l dns -d 'Name server to ask instead of the system\'s' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from register" -l ca -d 'Authorities to trust for TLS instead of the system\'s (PEM)' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from register" -l cert -d 'Certificate to show to servers that ask for one (PEM)' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from register" -l key -d 'Key of that certificate (PEM), only readable by its owner' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from register" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from register" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from register" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from register" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from register" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from register" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from register" -s n -l dry-run -d 'Print the message that would be sent, and send nothing'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from register" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from register" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from register" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from register" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from send" -l to -d 'Send it to this address instead of the one in the message' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from send" -l proxy -d 'Send it through this proxy (loose route)' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from send" -l user -d 'User name for digest challenges' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from send" -l password-file -d 'File with the password, only readable by its owner' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from send" -l as -d 'Address of record to send as' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from send" -l header -d 'Add a header field, as in \'Subject: hello\'; may be repeated' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from send" -l timeout -d 'How long to wait for an answer, as in 4s or 1min' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from send" -l transport -d 'Send it over this transport: udp, tcp, tls, ws or wss' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from send" -l dns -d 'Name server to ask instead of the system\'s' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from send" -l ca -d 'Authorities to trust for TLS instead of the system\'s (PEM)' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from send" -l cert -d 'Certificate to show to servers that ask for one (PEM)' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from send" -l key -d 'Key of that certificate (PEM), only readable by its owner' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from send" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from send" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from send" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from send" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from send" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from send" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from send" -s n -l dry-run -d 'Print the message that would be sent, and send nothing'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from send" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from send" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from send" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from send" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from listen" -l on -d 'Address to listen at; port 0 lets the system choose' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from listen" -l answer -d 'Answer every request with this code' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from listen" -l count -d 'End after this many requests' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from listen" -l timeout -d 'End after this time, as in 1min' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from listen" -l pcap -d 'Write what arrived to a file for Wireshark (pcapng)' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from listen" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from listen" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from listen" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from listen" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from listen" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from listen" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from listen" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from listen" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from listen" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from listen" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from events" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from events" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from events" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from events" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from events" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from events" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from events" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from events" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from events" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from events" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from resolve" -l dns -d 'Name server to ask instead of the system\'s' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from resolve" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from resolve" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from resolve" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from resolve" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from resolve" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from resolve" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from resolve" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from resolve" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from resolve" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand sip; and __fish_seen_subcommand_from resolve" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and not __fish_seen_subcommand_from compose sign verify meter template send status listen gateway" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and not __fish_seen_subcommand_from compose sign verify meter template send status listen gateway" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand sms; and not __fish_seen_subcommand_from compose sign verify meter template send status listen gateway" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and not __fish_seen_subcommand_from compose sign verify meter template send status listen gateway" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and not __fish_seen_subcommand_from compose sign verify meter template send status listen gateway" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand sms; and not __fish_seen_subcommand_from compose sign verify meter template send status listen gateway" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sms; and not __fish_seen_subcommand_from compose sign verify meter template send status listen gateway" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and not __fish_seen_subcommand_from compose sign verify meter template send status listen gateway" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and not __fish_seen_subcommand_from compose sign verify meter template send status listen gateway" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and not __fish_seen_subcommand_from compose sign verify meter template send status listen gateway" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and not __fish_seen_subcommand_from compose sign verify meter template send status listen gateway" -f -a "compose" -d 'Write an action string, without its signature'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and not __fish_seen_subcommand_from compose sign verify meter template send status listen gateway" -f -a "sign" -d 'Add the signature to an action string'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and not __fish_seen_subcommand_from compose sign verify meter template send status listen gateway" -f -a "verify" -d 'Check the signature of an action string'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and not __fish_seen_subcommand_from compose sign verify meter template send status listen gateway" -f -a "meter" -d 'Tell how many text messages it takes'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and not __fish_seen_subcommand_from compose sign verify meter template send status listen gateway" -f -a "template" -d 'Lists of actions with places to fill in, saved on the server'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and not __fish_seen_subcommand_from compose sign verify meter template send status listen gateway" -f -a "send" -d 'Send a text message through a gateway'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and not __fish_seen_subcommand_from compose sign verify meter template send status listen gateway" -f -a "status" -d 'Tell what became of a text message, segment by segment'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and not __fish_seen_subcommand_from compose sign verify meter template send status listen gateway" -f -a "listen" -d 'Show messages of phones and receipts as they come in'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and not __fish_seen_subcommand_from compose sign verify meter template send status listen gateway" -f -a "gateway" -d 'See the server\'s text message gateways, and try them'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from compose" -l version -d 'Version of the format; 1.00 for old agents, never for lock and wipe' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from compose" -l sequence -d 'Number of the first action, in hexadecimal; the server reserves one when absent' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from compose" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from compose" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from compose" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from compose" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from compose" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from compose" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from compose" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from compose" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from compose" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from compose" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from sign" -l device -d 'The device whose secret signs it: IMEI, number, name, owner or id' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from sign" -l secret-file -d 'File with the device\'s secret, 64 hexadecimal digits (mode 0600)' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from sign" -l sequence -d 'Number of the first action, in hexadecimal, when the text has none' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from sign" -l reason -d 'Why, for the audit trail' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from sign" -l idempotency-key -d 'Key that makes a repeat of this command harmless' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from sign" -l accept-risk -d 'Risks that you accept: lock, data-loss, bulk' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from sign" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from sign" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from sign" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from sign" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from sign" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from sign" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from sign" -s y -l yes -d 'Do not ask; needs --accept-risk and --reason'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from sign" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from sign" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from sign" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from sign" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from verify" -l device -d 'The device whose secret should have signed it; its server checks' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from verify" -l secret-file -d 'File with the device\'s secret, 64 hexadecimal digits (mode 0600)' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from verify" -l enrolled -d 'With --secret-file: version that the device enrolled with; lower ones are refused' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from verify" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from verify" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from verify" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from verify" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from verify" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from verify" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from verify" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from verify" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from verify" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from meter" -l text -d 'Measure this text instead' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from meter" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from meter" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from meter" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from meter" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from meter" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from meter" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from meter" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from meter" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from meter" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from meter" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from template" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from template" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from template" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from template" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from template" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from template" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from template" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from template" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from template" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from template" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from template" -f -a "list" -d 'List them'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from template" -f -a "show" -d 'Show one'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from template" -f -a "save" -d 'Save one, in place of that with its name'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from template" -f -a "delete" -d 'Remove one'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from template" -f -a "run" -d 'Have a device do what is in one'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from send" -l to -d 'Number to send to, as in +14085550137' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from send" -l gateway -d 'One of the server\'s gateways, by name; when absent, the first that serves the number and takes it' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from send" -l gateway-url -d 'A gateway to use instead, as in kannel+http://user@127.0.0.1:13013/cgi-bin/sendsms or smpp://user@127.0.0.1:2775' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from send" -l password-file -d 'File with the password at that gateway (mode 0600)' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from send" -l ca-file -d 'Certificate of the authority to trust at that gateway (PEM), for https:// and smpps://' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from send" -l from -d 'Sender\'s number or name at that gateway' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from send" -l validity -d 'How long the centre keeps trying, as in 1h' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from send" -l after -d 'How long the centre waits before it begins, as in 10min' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from send" -l priority -d 'Priority, 0 to 3' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from send" -l port -d 'Application on the phone: its port, and ours behind a colon, as in 2948:9200' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from send" -l octets -d 'Send these octets (hexadecimal digits) instead of a text' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from send" -l reason -d 'Why, for the audit trail' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from send" -l ticket -d 'Ticket in the helpdesk\'s system' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from send" -l idempotency-key -d 'Key that makes a repeat of this command harmless' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from send" -l accept-risk -d 'Risks that you accept: lock, data-loss, bulk' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from send" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from send" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from send" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from send" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from send" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from send" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from send" -l flash -d 'Show it at once, without keeping it'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from send" -s n -l dry-run -d 'Print what would be sent, and send nothing'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from send" -s y -l yes -d 'Do not ask; needs --accept-risk and --reason'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from send" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from send" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from send" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from send" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from status" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from status" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from status" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from status" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from status" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from status" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from status" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from listen" -l count -d 'End after this many' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from listen" -l timeout -d 'End after this time, as in 1min' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from listen" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from listen" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from listen" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from listen" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from listen" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from listen" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from listen" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from listen" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from listen" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from listen" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from gateway" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from gateway" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from gateway" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from gateway" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from gateway" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from gateway" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from gateway" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from gateway" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from gateway" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from gateway" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from gateway" -f -a "list" -d 'List the gateways'
complete -c callhome -n "__fish_callhome_using_subcommand sms; and __fish_seen_subcommand_from gateway" -f -a "test" -d 'Ask a gateway whether it is there; no message is sent'
complete -c callhome -n "__fish_callhome_using_subcommand agent; and not __fish_seen_subcommand_from run fleet carrier proxy" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and not __fish_seen_subcommand_from run fleet carrier proxy" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand agent; and not __fish_seen_subcommand_from run fleet carrier proxy" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and not __fish_seen_subcommand_from run fleet carrier proxy" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and not __fish_seen_subcommand_from run fleet carrier proxy" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand agent; and not __fish_seen_subcommand_from run fleet carrier proxy" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand agent; and not __fish_seen_subcommand_from run fleet carrier proxy" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand agent; and not __fish_seen_subcommand_from run fleet carrier proxy" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand agent; and not __fish_seen_subcommand_from run fleet carrier proxy" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand agent; and not __fish_seen_subcommand_from run fleet carrier proxy" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand agent; and not __fish_seen_subcommand_from run fleet carrier proxy" -f -a "run" -d 'Run one simulated phone'
complete -c callhome -n "__fish_callhome_using_subcommand agent; and not __fish_seen_subcommand_from run fleet carrier proxy" -f -a "fleet" -d 'Run many simulated phones in one process'
complete -c callhome -n "__fish_callhome_using_subcommand agent; and not __fish_seen_subcommand_from run fleet carrier proxy" -f -a "carrier" -d 'Run a simulated carrier: text messages between gateways and phones'
complete -c callhome -n "__fish_callhome_using_subcommand agent; and not __fish_seen_subcommand_from run fleet carrier proxy" -f -a "proxy" -d 'Run a simulated home router that phones register through'
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l name -d 'Name that it proposes to the server' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l imei -d 'Its IMEI; a made-up one otherwise' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l identity -d 'Further identities, as in serial:NK4G-22071 or mac:00-15-65-3a-90-01' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l number -d 'Its telephone number' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l state -d 'Folder that keeps its state; in the data folder otherwise' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l link -d 'Link of its invitation, as it came by SMS, e-mail or QR code' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l code -d 'One-time code, when there is no invitation file' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l server -d 'Address of the server, with --code' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l router -d 'Router that knows the server of the system id, with --code' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l system-id -d 'System id of the server, with --code' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l ca-file -d 'Certificate of the server\'s or router\'s authority (PEM), with --code; the system\'s for a router otherwise' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l user-agent -d 'What the phone calls itself when it registers, as in "Yealink SIP-T46S 66.85.0.5"' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l registrar -d 'Register with this SIP server instead of the endpoint\'s own' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l sip-user -d 'User at that SIP server, as in anna or anna@example.net' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l sip-password-file -d 'File with the user\'s password there' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l push -d 'Address at a push service that it tells the server, as in fcm:TOKEN' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l fault -d 'Ends the process at a named step, for drills; needs `CALLHOME_FAULTS=1`' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l invite -d 'File with the invitation (JSON, as `callhome device invite -o json` prints it); without it the current context is asked for one' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l sip-listen -d 'Address at which the phones take SIP; port 0 lets the system choose. At 0.0.0.0 they are where this machine is, and register again when its address changes' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l carrier -d 'Line of the carrier (see: callhome agent carrier)' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l sip-proxy -d 'Home router the phones are behind, as in sip:127.0.0.1:5070' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l transport -d 'How to speak SIP: udp, tcp, tls, ws or wss; over all but udp the phones are reached on the connection that they made, and make another one when it is lost' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l sip-ca -d 'Authority to trust for SIP over TLS beside the system\'s and the server\'s own (PEM); may be repeated' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l keep-alive -d 'How often to keep a connection alive, and to look whether this machine\'s address has changed' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l expires -d 'For how long to register with SIP; renewed well before it ends' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l session-every -d 'How often to open a session without being asked' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l hold -d 'How long to wait for missing actions before asking the server for them' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l trust -d 'Call back to this host, too, when a notification names it; may be repeated' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l report -d 'Write what each phone did to this file (NDJSON, one phone a line) at the end, and on SIGUSR1' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l no-data -d 'It has text messages only, once it is enrolled'
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l invited-by-sms -d 'Wait for the text message that invites it, unless it is enrolled'
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l enrol-again -d 'Enrol again with a new id and a new secret; the old secret proves that it is the same phone'
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l subscribe -d 'Subscribe to the phone\'s callbacks (SUBSCRIBE) once it is registered'
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l challenge-notify -d 'Ask who sends a NOTIFY (digest): only who knows the phone\'s secret gets through'
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from run" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from fleet" -l count -d 'How many phones' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from fleet" -l first -d 'Number of the first phone' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from fleet" -l state -d 'Folder that keeps their states; nothing is kept otherwise' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from fleet" -l imeis -d 'Write the IMEIs of the phones to this file (CSV) and go on' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from fleet" -l offline -d 'Percentage of phones that register and then fall silent' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from fleet" -l forge -d 'Percentage of phones that sign with a key that is not theirs' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from fleet" -l seed -d 'Chooses which phones those are' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from fleet" -l invite -d 'File with the invitation (JSON, as `callhome device invite -o json` prints it); without it the current context is asked for one' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from fleet" -l sip-listen -d 'Address at which the phones take SIP; port 0 lets the system choose. At 0.0.0.0 they are where this machine is, and register again when its address changes' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from fleet" -l carrier -d 'Line of the carrier (see: callhome agent carrier)' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from fleet" -l sip-proxy -d 'Home router the phones are behind, as in sip:127.0.0.1:5070' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from fleet" -l transport -d 'How to speak SIP: udp, tcp, tls, ws or wss; over all but udp the phones are reached on the connection that they made, and make another one when it is lost' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from fleet" -l sip-ca -d 'Authority to trust for SIP over TLS beside the system\'s and the server\'s own (PEM); may be repeated' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from fleet" -l keep-alive -d 'How often to keep a connection alive, and to look whether this machine\'s address has changed' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from fleet" -l expires -d 'For how long to register with SIP; renewed well before it ends' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from fleet" -l session-every -d 'How often to open a session without being asked' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from fleet" -l hold -d 'How long to wait for missing actions before asking the server for them' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from fleet" -l trust -d 'Call back to this host, too, when a notification names it; may be repeated' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from fleet" -l report -d 'Write what each phone did to this file (NDJSON, one phone a line) at the end, and on SIGUSR1' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from fleet" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from fleet" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from fleet" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from fleet" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from fleet" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from fleet" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from fleet" -l subscribe -d 'Subscribe to the phone\'s callbacks (SUBSCRIBE) once it is registered'
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from fleet" -l challenge-notify -d 'Ask who sends a NOTIFY (digest): only who knows the phone\'s secret gets through'
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from fleet" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from fleet" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from fleet" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from fleet" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from carrier" -l http -d 'Address for gateways, in the manner of Kannel' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from carrier" -l line -d 'Address for phones' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from carrier" -l user -d 'User that gateways must name' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from carrier" -l password-file -d 'File with that user\'s password' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from carrier" -l mo-url-file -d 'File with the address to which messages from phones go (it has a secret in it)' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from carrier" -l ca-file -d 'Certificate of the server\'s authority (PEM), for that address and for receipts' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from carrier" -l loss -d 'Percentage of messages that are lost' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from carrier" -l repeat -d 'Percentage of messages that arrive twice' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from carrier" -l reorder -d 'Percentage of messages that are overtaken by later ones' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from carrier" -l delay-min-ms -d 'Shortest time a message takes' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from carrier" -l delay-max-ms -d 'Longest time a message takes' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from carrier" -l seed -d 'Where the dice begin' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from carrier" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from carrier" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from carrier" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from carrier" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from carrier" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from carrier" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from carrier" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from carrier" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from carrier" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from carrier" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from proxy" -l registrar -d 'The SIP registrar, which is the server\'s address for SIP; transport=tcp or tls in it says how to speak to it' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from proxy" -l sip-listen -d 'Address at which it listens, for UDP and TCP; port 0 lets the system choose' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from proxy" -l tls-listen -d 'Address at which it listens for TLS; when the registrar is spoken to over TLS, a port that the system chooses' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from proxy" -l sip-ca -d 'Authority to trust for the registrar\'s certificate beside the system\'s and the server\'s own (PEM); may be repeated' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from proxy" -l invite -d 'File with the invitation; without it the current context is asked for one' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from proxy" -l name -d 'Name that it proposes to the server' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from proxy" -l state -d 'Folder that keeps its state and its certificate; in the data folder otherwise' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from proxy" -l own-port -d 'Port of its own, at the same address; 0 lets the system choose' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from proxy" -l relay -d 'How the server is to send to the phones: route (loose route) or encapsulate (inside a message to the router)' -r -f -a "route\t''
encapsulate\t''"
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from proxy" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from proxy" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from proxy" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from proxy" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from proxy" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from proxy" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from proxy" -l enrol -d 'Enrol it with the server, so that it has a name and a secret of its own'
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from proxy" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from proxy" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from proxy" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand agent; and __fish_seen_subcommand_from proxy" -s h -l help -d 'Print help'
complete -c callhome -n "__fish_callhome_using_subcommand generate" -s c -l context -d 'Use this context instead of the current one' -r
complete -c callhome -n "__fish_callhome_using_subcommand generate" -s o -l output -d 'table, wide, json, ndjson, yaml, csv, tsv or name (ids only)' -r -f -a "table\t'For people'
wide\t'For people, with every column'
json\t'One JSON document'
ndjson\t'One JSON object a line'
yaml\t'One YAML document'
csv\t'Comma-separated values with a header'
tsv\t'Tab-separated values with a header'
name\t'Only the ids, one a line'"
complete -c callhome -n "__fish_callhome_using_subcommand generate" -l columns -d 'Only these columns, separated by commas' -r
complete -c callhome -n "__fish_callhome_using_subcommand generate" -l jq -d 'Filter the JSON document with a jq program' -r
complete -c callhome -n "__fish_callhome_using_subcommand generate" -l trace -d 'Print what crosses the wire on standard error: sip, http, sms' -r -f -a "sip\t''
http\t''
sms\t''"
complete -c callhome -n "__fish_callhome_using_subcommand generate" -l data-dir -d 'Where the embedded server keeps its data' -r -F
complete -c callhome -n "__fish_callhome_using_subcommand generate" -s v -l verbose -d 'Tell more'
complete -c callhome -n "__fish_callhome_using_subcommand generate" -s q -l quiet -d 'Tell nothing but data and errors'
complete -c callhome -n "__fish_callhome_using_subcommand generate" -l no-input -d 'Never ask; fail and name the flags instead'
complete -c callhome -n "__fish_callhome_using_subcommand generate" -s h -l help -d 'Print help (see more with \'--help\')'
