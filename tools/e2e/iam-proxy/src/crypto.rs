//! Signatures of tokens, verified by ring: the clusters' keys are RSA, other issuers' may be of
//! elliptic curves. Nothing is signed here.

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{ErrorKind, Result};
use jsonwebtoken::signature::{self, Verifier};
use jsonwebtoken::{Algorithm, DecodingKey, DecodingKeyKind, EncodingKey};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey,
};

static RING: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

/// From now on tokens of this process are verified so.
pub(crate) fn install() {
    // A second time nothing changes.
    let _ = RING.install_default();
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature is the library's")]
fn signer(_: &Algorithm, _: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    Err(ErrorKind::UnsupportedAlgorithm.into())
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the signature is the library's")]
fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    let rsa = |parameters| -> Result<Key> {
        let DecodingKeyKind::RsaModulusExponent { n, e } = key.kind() else {
            return Err(ErrorKind::InvalidKeyFormat.into());
        };
        Ok(Key::Rsa {
            parameters,
            components: RsaPublicKeyComponents {
                n: n.clone(),
                e: e.clone(),
            },
        })
    };
    let key = match algorithm {
        Algorithm::RS256 => rsa(&RSA_PKCS1_2048_8192_SHA256),
        Algorithm::RS384 => rsa(&RSA_PKCS1_2048_8192_SHA384),
        Algorithm::RS512 => rsa(&RSA_PKCS1_2048_8192_SHA512),
        Algorithm::ES256 => Ok(Key::P256(key.try_get_as_bytes()?.to_vec())),
        _ => Err(ErrorKind::UnsupportedAlgorithm.into()),
    };
    Ok(Box::new(Verified {
        algorithm: *algorithm,
        key: key?,
    }))
}

enum Key {
    Rsa {
        parameters: &'static RsaParameters,
        components: RsaPublicKeyComponents<Vec<u8>>,
    },
    P256(Vec<u8>),
}

struct Verified {
    algorithm: Algorithm,
    key: Key,
}

impl Verifier<Vec<u8>> for Verified {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), signature::Error> {
        let verified = match &self.key {
            Key::Rsa {
                parameters,
                components,
            } => components.verify(parameters, message, signature),
            Key::P256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
        };
        verified.map_err(|_| signature::Error::new())
    }
}

impl JwtVerifier for Verified {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}
