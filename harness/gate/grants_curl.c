/*
 * grants_curl.c - grants as a script for any POSIX shell.
 * Layer: gate. Threads: one owner of the buffer.
 *
 * Names and identities are percent-encoded here, so the script holds nothing
 * that a shell could read as its own. A grant is sent as what the row holds
 * already together with what is needed: a grant replaces all flags, and a
 * creator's row must not lose any.
 */
#include "gate/grants.h"

#include "net/http.h"
#include "syn/client.h"

static const char head[] =
    "#!/bin/sh\n"
    "# Grants that a dry run proved to be needed and enough.\n"
    "# Environment: SYNC_REST_URL (no trailing slash), SYNC_SERVICE_SID,\n"
    "#   SYNC_API_KEY and SYNC_API_SECRET (or account sid and auth token),\n"
    "#   PACE_S between calls (default 0.1), STATE: file of what is done\n"
    "#   (default: this script's name and .done), PESSIMISTIC=1: also what is\n"
    "#   needed if creators lose what they made while ACLs were off.\n"
    "# May be stopped and started again at any time, and run twice.\n"
    "set -u\n"
    ": \"${SYNC_REST_URL:?}\" \"${SYNC_SERVICE_SID:?}\" \"${SYNC_API_KEY:?}\" "
    "\"${SYNC_API_SECRET:?}\"\n"
    "pace=${PACE_S:-0.1}\n"
    "state=${STATE:-$0.done}\n"
    "touch -- \"$state\" || exit 70\n"
    "failed=0 sent=0 kept=0\n"
    "line_end='\n"
    "'\n"
    "\n"
    "# call METHOD URL [CURL'S --data...]: answers \"STATUS BODY\"; waits on "
    "429.\n"
    "call() {\n"
    "    method=$1 url=$2 tries=0\n"
    "    shift 2\n"
    "    while :; do\n"
    "        # The secret goes by standard input: arguments are public.\n"
    "        answer=$(printf 'user = \"%s:%s\"\\n' \"$SYNC_API_KEY\" "
    "\"$SYNC_API_SECRET\" |\n"
    "            curl --silent --path-as-is --max-time 30 --config - --request "
    "\"$method\" \\\n"
    "                \"$@\" --write-out '\\n%{http_code}' \"$url\")\n"
    "        status=${answer##*\"$line_end\"}\n"
    "        if [ \"$status\" = 429 ] && [ \"$tries\" -lt 8 ]; then\n"
    "            sleep $((1 << tries)); tries=$((tries + 1)); continue\n"
    "        fi\n"
    "        printf '%s %s' \"$status\" \"$(printf '%s' "
    "\"${answer%\"$line_end\"*}\" | tr -d ' \\n')\"\n"
    "        return\n"
    "    done\n"
    "}\n"
    "\n"
    "# want FLAG VALUE: what to send; a right that the row of $answer has "
    "stays.\n"
    "want() {\n"
    "    case $answer in\n"
    "    *\"\\\"$1\\\":true\"*) echo true ;;\n"
    "    *) echo \"$2\" ;;\n"
    "    esac\n"
    "}\n"
    "\n"
    "# grant PATH READ WRITE MANAGE: never takes a right away.\n"
    "grant() {\n"
    "    if grep -qxF -- \"$*\" \"$state\"; then kept=$((kept + 1)); return; "
    "fi\n"
    "    url=$SYNC_REST_URL/v1/Services/$SYNC_SERVICE_SID/$1\n"
    "    answer=$(call GET \"$url\")\n"
    "    case ${answer%% *} in\n"
    "    200) ;;\n"
    "    404) answer=\"404 \" ;;\n"
    "    *) echo \"$1: ${answer%% *} when read\" >&2; failed=1; return ;;\n"
    "    esac\n"
    "    row=\"$(want read false) $(want write false) $(want manage false)\"\n"
    "    read=$(want read \"$2\") write=$(want write \"$3\") manage=$(want "
    "manage \"$4\")\n"
    "    if [ \"$row\" != \"$read $write $manage\" ]; then\n"
    "        answer=$(call POST \"$url\" --data \"Read=$read\" --data "
    "\"Write=$write\" --data \"Manage=$manage\")\n"
    "        if [ \"${answer%% *}\" != 200 ]; then\n"
    "            echo \"$1: ${answer%% *} when granted\" >&2; failed=1; "
    "return\n"
    "        fi\n"
    "        sent=$((sent + 1))\n"
    "    else\n"
    "        kept=$((kept + 1))\n"
    "    fi\n"
    "    printf '%s\\n' \"$*\" >>\"$state\"\n"
    "    sleep \"$pace\"\n"
    "}\n"
    "\n";

static const char foot[] =
    "\necho \"$sent sent, $kept there already\"\n"
    "[ $failed = 0 ] || { echo \"some were refused: see above, mend, run "
    "again\" >&2; exit 1; }\n";

static const char *flag(unsigned rights, unsigned right)
{
    return (rights & right) != 0 ? "true" : "false";
}

static void put_grant(struct syn_buf *out,
                      const struct syn_grants_output *output,
                      const struct syn_lack *need, unsigned rights)
{
    const struct syn_history_slot *slot = &output->history->slots[need->slot];
    bool is_late = !slot->is_there_at_end;
    if (is_late) {
        syn_buf_put_text(out, "# when it is created: ");
    }
    syn_buf_printf(out, "grant %s/", syn_backend_kind(slot->type));
    syn_http_encode(out, syn_grants_label(output, need->slot));
    syn_buf_put_text(out, "/Permissions/");
    syn_http_encode(out,
                    syn_pseudonyms_reveal(output->names, SYN_PSEUDONYM_IDENTITY,
                                          need->identity));
    syn_buf_printf(out, " %s %s %s\n", flag(rights, SYN_RIGHT_READ),
                   flag(rights, SYN_RIGHT_WRITE),
                   flag(rights, SYN_RIGHT_MANAGE));
}

static void put_pessimistic(struct syn_buf *out,
                            const struct syn_grants_output *output)
{
    const struct syn_lacks *needed = &output->pessimistic->needed;
    for (size_t i = 0; i < needed->count; i++) {
        const struct syn_lack *need = &needed->at[i];
        const struct syn_lack *plain =
            syn_lacks_find(&output->plain->needed, need->slot, need->identity);
        unsigned had = plain == NULL ? SYN_RIGHTS_NONE : plain->rights;
        /* Where the creator kept its right after all, its row holds all. */
        bool is_creator = syn_str_is_equal(
            need->identity, output->history->slots[need->slot].creator);
        if ((need->rights & ~had) != 0) {
            syn_buf_put_text(out, "    ");
            put_grant(out, output, need,
                      is_creator ? SYN_RIGHTS_ALL : need->rights | had);
        }
    }
}

void syn_grants_put_curl(struct syn_buf *out,
                         const struct syn_grants_output *output)
{
    const struct syn_lacks *needed = &output->plain->needed;
    syn_buf_put_text(out, head);
    for (size_t i = 0; i < needed->count; i++) {
        if (needed->at[i].rights != SYN_RIGHTS_NONE) {
            put_grant(out, output, &needed->at[i], needed->at[i].rights);
        }
    }
    syn_buf_put_text(out, "\nif [ \"${PESSIMISTIC:-0}\" = 1 ]; then\n");
    put_pessimistic(out, output);
    syn_buf_put_text(out, "    :\nfi\n");
    syn_buf_put_text(out, foot);
}
