# authority.sh - sourced by tests that need TLS: an authority of their own,
# $place/ca.pem, and certificates that it signs.
sign() { # NAME SUBJECTALTNAME: $place/NAME.pem and .key
    openssl req -newkey rsa:2048 -nodes -subj "/CN=$1" -keyout "$place/$1.key" -out "$place/$1.csr"
    echo "subjectAltName=$2" >"$place/ext"
    openssl x509 -req -days 2 -in "$place/$1.csr" -CA "$place/ca.pem" \
        -CAkey "$place/ca.key" -CAcreateserial -extfile "$place/ext" -out "$place/$1.pem"
}
make_authority() {
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=syn-test-ca \
        -keyout "$place/ca.key" -out "$place/ca.pem"
}
