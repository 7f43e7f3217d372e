# mutants.awk - every one-line mutant that `run` could notice, one a line.
# Reads the text that `gcov -t` writes, so that it sees source and counts
# together. Variables: source (the path to look at), name (short, for ids),
# seed. POSIX awk; integers stay below 2^53.
#
# Output, by tabs: key (the seeded order), id, name, line, before, after.
# An id is made from the text of the line, not from its number, so that it
# survives edits elsewhere in the file, and so does its explanation.
#
# A summary goes to stderr: `name executed-lines never-executed-lines`.

BEGIN {
    for (i = 1; i < 256; i++) {
        code_of[sprintf("%c", i)] = i
    }
    is_ours = 0
    in_comment = 0
    ended = 1 # the line before closed a statement
    executed = never = 0
}

# --- hashes ------------------------------------------------------------------

function hash(text, start,    i, h) {
    h = start
    for (i = 1; i <= length(text); i++) {
        h = (h * 131 + code_of[substr(text, i, 1)] + 7) % 2147483647
    }
    return (h * 48271 + 11) % 2147483647
}

# --- reading -----------------------------------------------------------------

# The line without what is in quotes and comments, every column kept.
function mask(text,    i, c, out, quote) {
    out = ""
    quote = ""
    for (i = 1; i <= length(text); i++) {
        c = substr(text, i, 1)
        if (in_comment) {
            if (c == "*" && substr(text, i + 1, 1) == "/") {
                in_comment = 0
                out = out " "
                i++
            }
            out = out " "
        } else if (quote != "") {
            if (c == "\\") {
                out = out "_"
                i++
                c = "_"
            }
            out = out (c == quote ? c : "_")
            if (c == quote) {
                quote = ""
            }
        } else if (c == "/" && substr(text, i + 1, 1) == "*") {
            in_comment = 1
            out = out "  "
            i++
        } else {
            if (c == "\"" || c == "'") {
                quote = c
            }
            out = out c
        }
    }
    return out
}

function depth_of(text,    i, c, d) {
    d = 0
    for (i = 1; i <= length(text); i++) {
        c = substr(text, i, 1)
        d += c == "(" ? 1 : c == ")" ? -1 : 0
    }
    return d
}

# --- writing -----------------------------------------------------------------

function emit(kind, at, width, word,    after, bare, id, place) {
    after = substr(src, 1, at - 1) word substr(src, at + width)
    bare = src
    gsub(/ /, "", bare)
    place = kind " " at - indent " " word
    id = sprintf("%s/%s-%05x", name, kind,
                 hash(bare " " seen[bare] " " place, 5381) % 1048576)
    printf "%d\t%s\t%s\t%d\t%s\t%s\n", hash(id, seed % 2147483647), id, name,
           number, substr(src, indent + 1), after
}

# Each place where `from` stands becomes `to`.
function swap(kind, from, to,    at, begin) {
    begin = 1
    while ((at = index(substr(code, begin), from)) > 0) {
        at += begin - 1
        emit(kind, at, length(from), to)
        begin = at + length(from)
    }
}

function relations() {
    swap("rel", " < ", " <= ")
    swap("rel", " <= ", " < ")
    swap("rel", " > ", " >= ")
    swap("rel", " >= ", " > ")
    swap("rel", " == ", " != ")
    swap("rel", " != ", " == ")
}

# Connectives end a line as often as they stand in its middle.
function connectives(    last) {
    swap("log", " && ", " || ")
    swap("log", " || ", " && ")
    last = substr(code, length(code) - 2)
    if (last == " &&") {
        emit("log", length(code) - 2, 3, " ||")
    } else if (last == " ||") {
        emit("log", length(code) - 2, 3, " &&")
    }
}

function conditions(    at) {
    if (code ~ /^ *(\} else )?if \(.*\) \{$/ && depth_of(code) == 0) {
        at = index(code, "if (")
        emit("neg", at + 3, length(code) - at - 4,
             "(!" substr(src, at + 3, length(code) - at - 4) ")")
    }
    swap("neg", "(!", "(")
    swap("neg", "&& !", "&& ")
    swap("neg", "|| !", "|| ")
    swap("neg", "return !", "return ")
}

function returns(    at) {
    swap("ret", "return true;", "return false;")
    swap("ret", "return false;", "return true;")
    swap("ret", "return 0;", "return 1;")
    swap("ret", "return SYN_CODE_NONE;", "return SYN_CODE_54007;")
    if (match(code, /return SYN_CODE_[0-9]+;/)) {
        emit("ret", RSTART, RLENGTH, "return SYN_CODE_NONE;")
    }
    if (match(code, /= SYN_CODE_[0-9]+;/)) {
        emit("ret", RSTART, RLENGTH, "= SYN_CODE_NONE;")
    }
    if (match(code, /\? SYN_CODE_NONE :/)) {
        emit("ret", RSTART, RLENGTH, "? SYN_CODE_54007 :")
    }
}

# What only frees or wipes memory leaves nothing that a client could see.
function statements() {
    if (!ended || code ~ /_fini\(|free\(|_drain\(|memset\(|_wipe\(|_cleanse\(/) {
        return
    }
    if (code ~ /^ +[a-z_][a-z_0-9]*\(.*\);$/ && depth_of(code) == 0) {
        emit("call", indent + 1, length(code) - indent, ";")
    } else if (code ~ /^ +[^ =]+ [-+|&]?= [^=].*;$/ && code !~ /^ +return/) {
        emit("set", indent + 1, length(code) - indent, ";")
    } else if (code ~ /^ +[^ =]+\+\+;$/) {
        emit("inc", length(code) - 2, 2, "--")
    } else if (code ~ /^ +[^ =]+--;$/) {
        emit("inc", length(code) - 2, 2, "++")
    }
}

function numbers(    rest, base, value) {
    swap("num", " + ", " - ")
    if (code !~ /^ *(for|while) /) {
        swap("num", " - ", " + ")
    }
    rest = code
    base = 0
    while (match(rest, /[^A-Za-z0-9_.][0-9]+[^A-Za-z0-9_.x]/)) {
        value = substr(rest, RSTART + 1, RLENGTH - 2) + 0
        if (substr(rest, RSTART - 6 > 0 ? RSTART - 6 : 1, 9) !~ /\{NULL, /) {
            emit("num", base + RSTART + 1, RLENGTH - 2, value + 1)
            if (value > 0) {
                emit("num", base + RSTART + 1, RLENGTH - 2, value - 1)
            }
        }
        base += RSTART + RLENGTH - 2
        rest = substr(code, base + 1)
    }
    if (code !~ /return/) {
        if (match(code, /[^a-z_]true[^a-z_]/)) {
            emit("num", RSTART + 1, 4, "false")
        } else if (match(code, /[^a-z_]false[^a-z_]/)) {
            emit("num", RSTART + 1, 5, "true")
        }
    }
}

# --- the lines ---------------------------------------------------------------

/^ *-: *0:Source:/ {
    path = $0
    sub(/^ *-: *0:Source:/, "", path)
    is_ours = path == source
    in_comment = 0
    next
}

!is_ours || /^ *-: *0:/ {
    next
}

{
    split($0, field, ":")
    count = field[1]
    number = field[2] + 0
    src = substr($0, length(field[1]) + length(field[2]) + 3)
    code = mask(src)
    sub(/ +$/, "", code)
    if (code == "") {
        next
    }
    was_ended = ended
    ended = code ~ /[;{}:]$/
    gsub(/ /, "", count)
    if (count == "-" || code ~ /^#/) {
        next
    }
    if (count ~ /^[#=]/) {
        never++
        next
    }
    executed++
    # Text for people is no promise; sizes of memory are for the sanitizers.
    if (code ~ /syn_log|printf\(|assert\(|ASSERT\(|_alloc\(|sizeof\(\*/) {
        next
    }
    match(code, /^ */)
    indent = RLENGTH
    bare_line = src
    gsub(/ /, "", bare_line)
    seen[bare_line]++
    ends_here = ended
    ended = was_ended
    relations()
    connectives()
    conditions()
    returns()
    statements()
    numbers()
    ended = ends_here
}

END {
    printf "%s %d %d\n", name, executed, never >"/dev/stderr"
}
