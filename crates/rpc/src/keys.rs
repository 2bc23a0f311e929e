//! The public keys of issuers, as JSON Web Key Sets.
//!
//! A key has one algorithm, told by its own kind and never by the token that names it: so a public key is never taken for
//! a shared secret, and a token without signature has no key.

use std::collections::HashMap;

use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, PublicKeyUse},
};

/// RSA keys of fewer bytes (2,048 bits) are not taken.
const RSA_BYTES_MIN: usize = 256;

/// One key, and what it verifies.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) algorithm: Algorithm,
    pub(crate) key: DecodingKey,
}

/// The keys of one issuer by their ids.
#[derive(Clone, Default)]
pub(crate) struct Keys(HashMap<String, Key>);

impl Keys {
    /// From a JSON Web Key Set. Keys of other kinds than these algorithms, and those that are not for signatures, are
    /// left out: others may need them.
    ///
    /// # Errors
    /// If the set is not JSON, or holds no usable key.
    pub(crate) fn parse(jwks: &str, algorithms: &[Algorithm]) -> Result<Self, String> {
        let set: JwkSet = serde_json::from_str(jwks).map_err(|error| format!("not a JSON Web Key Set: {error}"))?;
        let mut keys = HashMap::new();
        for jwk in set.keys.iter().filter(|jwk| is_for_signatures(jwk)) {
            let (Some(id), Some(algorithm)) = (&jwk.common.key_id, algorithm(jwk)) else {
                continue;
            };
            if !algorithms.contains(&algorithm) {
                continue;
            }
            let key = DecodingKey::from_jwk(jwk).map_err(|error| format!("key {id}: {error}"))?;
            keys.insert(id.clone(), Key { algorithm, key });
        }
        if keys.is_empty() {
            return Err(format!(
                "the JSON Web Key Set holds no key with an id for {algorithms:?}"
            ));
        }
        Ok(Self(keys))
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Key> {
        self.0.get(id)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn is_for_signatures(jwk: &Jwk) -> bool {
    matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature))
}

/// The one algorithm of a key.
fn algorithm(jwk: &Jwk) -> Option<Algorithm> {
    let algorithm = match &jwk.algorithm {
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => Algorithm::EdDSA,
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => Algorithm::ES256,
        AlgorithmParameters::RSA(key) if modulus_bytes(&key.n) >= RSA_BYTES_MIN => Algorithm::RS256,
        _ => return None,
    };
    let said = jwk.common.key_algorithm.as_ref().map(ToString::to_string);
    // A key that says that it is for something else is for something else.
    let agrees = said.is_none_or(|said| said.eq_ignore_ascii_case(&format!("{algorithm:?}")));
    agrees.then_some(algorithm)
}

/// How many bytes a number in unpadded base64 has.
fn modulus_bytes(base64: &str) -> usize {
    base64.trim_end_matches('=').len() * 3 / 4
}
