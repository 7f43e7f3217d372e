# cmake -D SYNCPROOF=<program> -D FOLDER=<scratch> -P cli_token.cmake
#
# The verb `token` from outside: mint, inspect and forge on a target file that
# is never contacted. Exit codes are part of the contract, and no secret may
# appear in any output.

cmake_minimum_required(VERSION 3.22)

set(target ${FOLDER}/cli_token_target.json)
file(WRITE ${target} [[{
  "name": "cli", "rest_url": "http://127.0.0.1:1",
  "sdk_url": "ws://127.0.0.1:1/v3/wsconnect",
  "account_sid": "AC00000000000000000000000000000001",
  "api_key": "SK00000000000000000000000000000001",
  "api_secret": "env:CLI_TOKEN_SECRET", "auth_token": "env:CLI_TOKEN_AUTH",
  "service_sid": "IS00000000000000000000000000000001"
}]])
set(ENV{CLI_TOKEN_SECRET} never-to-be-printed-1)
set(ENV{CLI_TOKEN_AUTH} never-to-be-printed-2)

# Run `token ARGN`; the exit code must be `code`. Sets `out`.
function(token code)
    execute_process(COMMAND ${SYNCPROOF} token ${ARGN}
        RESULT_VARIABLE result OUTPUT_VARIABLE text ERROR_VARIABLE log)
    if(NOT result EQUAL code)
        message(SEND_ERROR "token ${ARGN}: exit ${result}, not ${code}\n${text}${log}")
    endif()
    if("${text}${log}" MATCHES "never-to-be-printed")
        message(SEND_ERROR "token ${ARGN}: shows a secret\n${text}${log}")
    endif()
    set(out "${text}" PARENT_SCOPE)
endfunction()

function(expect_text pattern)
    if(NOT "${out}" MATCHES "${pattern}")
        message(SEND_ERROR "no '${pattern}' in:\n${out}")
    endif()
endfunction()

# The token of the one line that forge printed.
function(forge variant)
    token(0 forge ${variant} --target ${target})
    string(REGEX REPLACE "^[^\t]*\t([^\n]*)\n$" "\\1" forged "${out}")
    set(forged "${forged}" PARENT_SCOPE)
endfunction()

token(0 mint --target ${target} --identity ann --ttl 600)
string(STRIP "${out}" honest)
token(0 inspect --target ${target} ${honest})
expect_text("\nvalid\n$")
token(0 inspect ${honest})
expect_text("signature +TOK-22  not checked: needs --target")
expect_text("nothing wrong found; 5 rules were not checked\n$")

file(WRITE ${FOLDER}/cli_token.txt "${honest}\n")
execute_process(COMMAND ${SYNCPROOF} token inspect --target ${target} -
    INPUT_FILE ${FOLDER}/cli_token.txt RESULT_VARIABLE result
    OUTPUT_VARIABLE out)
if(NOT result EQUAL 0)
    message(SEND_ERROR "token inspect -: exit ${result}\n${out}")
endif()

foreach(pair IN ITEMS
        T03/nOnE=algorithm T05/auth-token=signature T10/identity=signature
        T12/sub-missing=subject T13/typ-missing=type T14/chat=grant
        T17/number=identity T15/unknown-service=service L01/1-day=expiry
        L02/10-minutes=not-before L03/2-days=lifetime L05/string=expiry
        T04/no-dot=compact T19/cty=json)
    string(REPLACE "=" ";" pair ${pair})
    list(GET pair 0 variant)
    list(GET pair 1 rule)
    forge(${variant})
    token(1 inspect --target ${target} ${forged})
    expect_text("FAIL  ${rule} ")
endforeach()

# What a signature rests on cannot be judged without a target; time can.
forge(T05/secret)
token(0 inspect ${forged})
forge(L01/1-day)
token(1 inspect ${forged})
token(1 inspect not-a-token)
expect_text("FAIL  compact")

# A credential in place of a token is left out, not printed.
token(0 forge T01 --target ${target})
if("${out}" MATCHES "key-secret")
    message(SEND_ERROR "T01/key-secret was printed")
endif()

token(0 forge --list)
expect_text("T03/nOnE +MUST +refused")
token(64 forge T99 --target ${target})
token(64 forge T03)
token(64 inspect)
token(64 spoil)
