//! Issuing tokens: the standalone installation's own signing key, and the tokens made with it.

use std::{
    fmt,
    fs::{self, OpenOptions},
    io::{self, Write},
    path::Path,
};

use banggiao_model::clock::Clock;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ed25519_dalek::{SigningKey, pkcs8::EncodePrivateKey};
use jsonwebtoken::{Algorithm, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{identity::Claims, keys::Keys};

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
        let claims = serde_json::json!({
            "iss": self.issuer,
            "aud": self.installation,
            "sub": principal,
            "exp": now.saturating_add(seconds),
            "iat": now,
            "nbf": now,
            "jti": id,
        });
        let der = self.key.to_pkcs8_der().map_err(|error| error.to_string())?;
        jsonwebtoken::encode(&header, &claims, &EncodingKey::from_ed_der(der.as_bytes())).map_err(|e| e.to_string())
    }

    /// When a token expires, in seconds since 1970, if it is one of this issuer's for this installation.
    #[must_use]
    pub fn expiry(&self, token: &str) -> Option<i64> {
        let keys = Keys::parse(&self.jwks(), &[Algorithm::EdDSA]).ok()?;
        let key = keys.get(&self.key_id())?;
        let mut validation = Validation::new(key.algorithm);
        validation.set_audience(&[&self.installation]);
        validation.set_issuer(&[&self.issuer]);
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &key.key, &validation)
            .ok()?
            .claims;
        Some(claims.exp)
    }

    fn key_id(&self) -> String {
        let digest = Sha256::digest(self.key.verifying_key().as_bytes());
        BASE64_URL_SAFE_NO_PAD.encode(&digest[..9])
    }
}

/// A token that was made: everything but the token itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issued {
    /// Its id, the claim `jti`.
    pub id: String,
    /// Id of the principal.
    pub principal: String,
    /// When it was issued, in seconds since 1970.
    pub issue_time: i64,
    /// When it expires, in seconds since 1970.
    pub expire_time: i64,
}

/// Notes that a token was made: a line in a file that only its owner can read, durable before the token is given away.
///
/// # Errors
/// If the file cannot be written.
pub fn note(file: &Path, issued: &Issued) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(file)?;
    let line = serde_json::to_string(issued).map_err(io::Error::other)?;
    // One write for the line: two processes may note at once.
    file.write_all(format!("{line}\n").as_bytes())?;
    file.sync_all()
}

/// The tokens that were noted, oldest first; none if nothing was noted yet. A line that broke off is passed over.
///
/// # Errors
/// If the file cannot be read.
pub fn issued(file: &Path) -> io::Result<Vec<Issued>> {
    match fs::read_to_string(file) {
        Ok(text) => Ok(text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}
