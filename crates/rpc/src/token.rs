//! Issuing tokens: the standalone installation's own signing key, and the tokens made with it.

use std::fmt;

use banggiao_model::clock::Clock;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ed25519_dalek::{SigningKey, pkcs8::EncodePrivateKey};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use sha2::{Digest, Sha256};

use crate::identity::Claims;

/// The type of our tokens (RFC 9068), so that no other kind of JWT passes for one.
pub(crate) const TYPE: &str = "at+jwt";

/// A signing key that issues tokens for one installation.
pub struct Issuer {
    key: SigningKey,
    issuer: String,
    installation: String,
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

impl Issuer {
    /// From the 32 secret bytes of an Ed25519 key.
    #[must_use]
    pub fn new(seed: &[u8; 32], issuer: &str, installation: &str) -> Self {
        Self {
            key: SigningKey::from_bytes(seed),
            issuer: issuer.to_owned(),
            installation: installation.to_owned(),
        }
    }

    /// The public half as a JSON Web Key Set.
    #[must_use]
    pub fn jwks(&self) -> String {
        let x = BASE64_URL_SAFE_NO_PAD.encode(self.key.verifying_key().as_bytes());
        serde_json::json!({"keys": [
            {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": self.key_id(), "x": x}
        ]})
        .to_string()
    }

    /// A token for a principal, valid from now for so many seconds.
    ///
    /// # Errors
    /// If the signature cannot be made.
    pub fn issue(&self, principal: &str, seconds: i64, id: &str, clock: &dyn Clock) -> Result<String, String> {
        let now = clock.now().as_second();
        let mut header = Header::new(Algorithm::EdDSA);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(self.key_id());
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.installation.clone(),
            sub: principal.to_owned(),
            exp: now.saturating_add(seconds),
            iat: now,
            nbf: now,
            jti: id.to_owned(),
        };
        let der = self.key.to_pkcs8_der().map_err(|error| error.to_string())?;
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_ed_der(der.as_bytes())).map_err(|e| e.to_string())
    }

    fn key_id(&self) -> String {
        let digest = Sha256::digest(self.key.verifying_key().as_bytes());
        BASE64_URL_SAFE_NO_PAD.encode(&digest[..9])
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, atomic::AtomicI64, atomic::Ordering};

    use super::*;
    use crate::identity::{Error, Verifier};

    #[derive(Default)]
    struct Hand(AtomicI64);

    impl Clock for Hand {
        fn now(&self) -> jiff::Timestamp {
            jiff::Timestamp::from_second(self.0.load(Ordering::Relaxed)).unwrap()
        }
    }

    #[test]
    fn a_token_holds_for_its_time_and_its_installation() {
        let clock = Arc::new(Hand(AtomicI64::new(1_000_000)));
        let issuer = Issuer::new(&[7; 32], "here", "tayninh");
        let token = issuer.issue("administrator", 600, "t1", &*clock).unwrap();
        let verifier = |jwks: &str, issuer: &str, audience: &str| {
            let clock: Arc<dyn Clock> = Arc::<Hand>::clone(&clock);
            Verifier::new(jwks, issuer, audience, clock).unwrap()
        };
        let good = verifier(&issuer.jwks(), "here", "tayninh");
        assert_eq!(&*good.verify(&token).unwrap().principal, "administrator");
        assert_eq!(
            verifier(&issuer.jwks(), "here", "longan").verify(&token),
            Err(Error::Invalid)
        );
        assert_eq!(
            verifier(&issuer.jwks(), "there", "tayninh").verify(&token),
            Err(Error::Invalid)
        );
        let other = Issuer::new(&[8; 32], "here", "tayninh");
        assert_eq!(
            verifier(&other.jwks(), "here", "tayninh").verify(&token),
            Err(Error::Invalid)
        );
        let mut forged = token.clone();
        forged.replace_range(token.len() - 8.., "AAAAAAAA");
        assert_eq!(good.verify(&forged), Err(Error::Invalid));
        assert_eq!(good.verify(""), Err(Error::Missing));
        clock.0.store(1_000_700, Ordering::Relaxed);
        assert_eq!(good.verify(&token), Err(Error::Expired));
    }
}
