#!/bin/sh
# Makes the certificates of the TLS tests, valid for 100 years: an authority, a server's and a client's, and a server's
# that nobody signed. They protect nothing. Run it in this folder; what it makes is committed, so that tests need no openssl.
set -e
key() { openssl ecparam -name prime256v1 -genkey -noout; }
key > ca.key
openssl req -x509 -new -key ca.key -days 36500 -subj "/CN=mezame test authority" \
    -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign" -out ca.pem
sign() { # name, subject, extensions
    key > "$1.key"
    openssl req -new -key "$1.key" -subj "/CN=$2" -out "$1.csr"
    printf '%s\n' "$3" "basicConstraints=critical,CA:FALSE" "keyUsage=critical,digitalSignature" \
        "subjectKeyIdentifier=hash" "authorityKeyIdentifier=keyid" > "$1.ext"
    openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -set_serial "$4" -days 36500 -extfile "$1.ext" -out "$1.pem"
    cat "$1.key" >> "$1.pem"
    rm "$1.key" "$1.csr" "$1.ext"
}
sign server localhost "subjectAltName=DNS:localhost,DNS:server.test,IP:127.0.0.1" 2
sign client "a client" "extendedKeyUsage=clientAuth" 3
key > stranger.key
openssl req -x509 -new -key stranger.key -days 36500 -subj "/CN=localhost" -addext "subjectAltName=DNS:localhost" -out stranger.pem
cat stranger.key >> stranger.pem
rm stranger.key ca.key
