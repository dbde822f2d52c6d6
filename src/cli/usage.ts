export const USAGE = `paybell <command> [options]

  check               verify the database against the laws, beside a running server
    --seal <n:hash>   compare with a newest seal that it printed earlier
    --json            the report as JSON
    --quiet           no progress

  rebuild             read the whole journal again, and show what comes out otherwise than it is stored
    --apply           put right what differs, a purchase at a time; the server may keep running
    --retract-events  with --apply: also remove events that no fact bears out
    --json, --quiet   as above

  ledger              print what each account of the ledger holds, in the accounts' own mode
    --live, --test    of this mode
    --csv <file>      also write all lines, for spreadsheets
    --journal <file>  also write all entries, for hledger
    --since <time>    of the files: from this time on; --until <time>: of all, before this time
    --json            the balances as JSON

  forget <who>        erase what is known of a person, by e-mail or customer's id, and keep the books; the server may keep running
    --by <name>       who does it, for the journal; default: the user of this machine
    --documents       also take the buyer out of issued documents
    --json            counts as JSON

  mail-preview        write every mail in every language with sample contents, to look at; finds mistakes in templates
    --out <folder>    where to; default mail-preview
    --send <address>  also send them there

Settings come from the environment, as for the service. Exit status: 0 nothing to report; 1 something is broken or
differs (with --apply: and could not be put right); 2 it could not be done.
`;
