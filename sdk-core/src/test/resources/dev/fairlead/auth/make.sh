#!/bin/sh
# Makes the certificates and keys beside it, which the tests of dev.fairlead.auth read. They belong
# to no device and no hub. Needs openssl 3 and keytool; run it here only to replace them all.
set -eu
cd "$(dirname "$0")"
days=36500
pass=canary-passphrase

ca() { # file, name, issuer's file or nothing
  openssl ecparam -name prime256v1 -genkey -noout -out "$1.tmp"
  printf 'basicConstraints=critical,CA:TRUE\n' > ext.tmp
  openssl req -new -key "$1.tmp" -subj "/CN=$2" -out csr.tmp
  if [ -n "${3:-}" ]; then
    openssl x509 -req -in csr.tmp -CA "$3.pem" -CAkey "$3.tmp" -CAcreateserial -days $days \
      -extfile ext.tmp -out "$1.pem"
  else
    openssl x509 -req -in csr.tmp -signkey "$1.tmp" -days $days -extfile ext.tmp -out "$1.pem"
  fi
}

ca root "test root"
ca issuer "test issuer" root
ca stranger "test stranger"

# The device's certificate: EC, issued by the issuer; its key in every form.
openssl ecparam -name prime256v1 -genkey -noout -out ec-sec1.key
openssl ecparam -name prime256v1 -genkey -out stranger.key # with a block EC PARAMETERS
openssl req -new -key ec-sec1.key -subj "/O=Test, \"quoted\"/CN=dev,1" -out csr.tmp
openssl x509 -req -in csr.tmp -CA issuer.pem -CAkey issuer.tmp -CAcreateserial -days $days -out ec.pem
openssl pkcs8 -topk8 -nocrypt -in ec-sec1.key -out ec-pkcs8.key
openssl pkcs8 -topk8 -passout pass:$pass -in ec-sec1.key -out ec-encrypted.key
openssl pkcs8 -topk8 -v2 des3 -passout pass:$pass -in ec-sec1.key -out ec-des3.key
openssl ec -aes128 -passout pass:$pass -in ec-sec1.key -out ec-legacy.key
# SEC 1 without the curve: version and private key only; the curve in a block of its own.
{
  openssl ecparam -name prime256v1
  echo "-----BEGIN EC PRIVATE KEY-----"
  scalar=$(openssl asn1parse -in ec-sec1.key | sed -n 's/.*OCTET STRING.*\[HEX DUMP\]://p')
  printf '30250201010420%s' "$scalar" | xxd -r -p | base64 -w 64
  echo "-----END EC PRIVATE KEY-----"
} > ec-curve-apart.key
sed '/EC PARAMETERS/,/EC PARAMETERS/d' ec-curve-apart.key > ec-curveless.key

# A self-signed one: RSA; its key in every form, and key stores.
openssl genrsa -traditional -out rsa-pkcs1.key 2048
openssl req -new -x509 -key rsa-pkcs1.key -subj "/CN=dev-2" -days $days -out rsa.pem
openssl pkcs8 -topk8 -nocrypt -in rsa-pkcs1.key -out rsa-pkcs8.key
openssl pkcs12 -export -in rsa.pem -inkey rsa-pkcs1.key -name device -passout pass:$pass -out rsa.p12
rm -f rsa.jks
keytool -importkeystore -noprompt -srckeystore rsa.p12 -srcstorepass $pass -destkeystore rsa.jks \
  -deststoretype JKS -deststorepass $pass -destkeypass $pass-2

openssl genpkey -algorithm ed25519 -out ed25519.key
rm -f ./*.tmp ./*.srl
