//! Who calls: a token on every call, verified by every service for itself. What the caller may do is decided by its
//! grants, never by the token.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use banggiao_model::{clock::Clock, name};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
pub use jsonwebtoken::Algorithm;
use jsonwebtoken::Validation;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::sync::Notify;
use tonic::{Request, Status, service::Interceptor};

use crate::{
    keys::{Key, Keys},
    status::Domain,
};

/// A token longer than this is refused unread.
const MAX_TOKEN_BYTES: usize = 8 * 1024;
/// Verified tokens kept; when full, all are forgotten and verified anew.
const MAX_CACHED: usize = 10_000;
/// A verified token is trusted for so many seconds before it is verified again.
const CACHE_SECONDS: i64 = 300;

/// The caller of a request, as its token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Id of the principal: `administrator` for `principals/administrator`.
    pub principal: Arc<str>,
    /// Id of the token; what is revoked is named by it.
    pub token: Arc<str>,
    /// The second since 1970 from which the token no longer holds.
    pub until: i64,
    /// Id of the key by which it was signed.
    pub key: Arc<str>,
}

impl Caller {
    /// Resource name of the principal.
    #[must_use]
    pub fn name(&self) -> String {
        name::name("principals", &self.principal)
    }
}

/// The claims of a token (RFC 9068) that we read; issuer and audience are looked at by the library.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) sub: String,
    pub(crate) exp: i64,
    #[serde(default)]
    pub(crate) nbf: Option<i64>,
    #[serde(default)]
    pub(crate) jti: Option<String>,
}

/// Why a token is refused. The words are for the caller; they tell nothing of the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No `authorization: Bearer …` on the call.
    #[error("a bearer token is required")]
    Missing,
    /// Not a token, or none of a known key.
    #[error("the token is not valid")]
    Invalid,
    /// Past its end.
    #[error("the token has expired")]
    Expired,
    /// Before its beginning.
    #[error("the token is not valid yet")]
    Early,
    /// The token was revoked, or its principal disabled.
    #[error("the token was revoked, or its principal disabled")]
    Revoked,
    /// The keys of an issuer could not be had yet, so that nobody can say.
    #[error("the keys of an issuer of tokens cannot be had at the moment")]
    KeysAway,
}

/// Who is let in with a token that is valid by itself.
pub trait Admission: Send + Sync {
    /// Whether neither the token was revoked nor the principal disabled, as far as it is known here.
    fn admits(&self, caller: &Caller) -> bool;
}

/// An issuer whose tokens are taken.
#[derive(Debug, Clone)]
pub struct Trusted {
    /// How it names itself in its tokens.
    pub issuer: String,
    /// The signatures that it makes.
    pub algorithms: Vec<Algorithm>,
    /// The type that its tokens name; nothing if any will do.
    pub token_type: Option<String>,
}

impl Trusted {
    /// One that makes tokens like ours: EdDSA, of the type that RFC 9068 names.
    #[must_use]
    pub fn own(issuer: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            algorithms: vec![Algorithm::EdDSA],
            token_type: Some(crate::token::TYPE.to_owned()),
        }
    }
}

struct Known {
    trusted: Trusted,
    keys: RwLock<Arc<Keys>>,
}

impl Known {
    fn keys(&self) -> Arc<Keys> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Callers by the digest of a verified token, each with the second until which it is trusted.
type Verified = HashMap<[u8; 32], (Caller, i64)>;

/// Verifies tokens against the public keys of the issuers that are trusted.
pub struct Verifier {
    issuers: Vec<Known>,
    installation: String,
    clock: Arc<dyn Clock>,
    leeway_seconds: i64,
    verified: Mutex<Verified>,
    /// A token named a key that is not known: perhaps its issuer has a new one.
    unknown_key: Notify,
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("issuers", &self.issuers.len())
            .finish_non_exhaustive()
    }
}

impl Verifier {
    /// Of tokens that these issuers make for an installation, which is the audience that they must name. Clocks may
    /// differ by the leeway. No key is known until [`Self::replace_keys`] tells them.
    #[must_use]
    pub fn new(issuers: Vec<Trusted>, installation: &str, leeway_seconds: i64, clock: Arc<dyn Clock>) -> Self {
        let known = |trusted| Known {
            trusted,
            keys: RwLock::default(),
        };
        Self {
            issuers: issuers.into_iter().map(known).collect(),
            installation: installation.to_owned(),
            clock,
            leeway_seconds,
            verified: Mutex::default(),
            unknown_key: Notify::new(),
        }
    }

    /// The keys of an issuer, by its number, from a JSON Web Key Set. What was verified by the old ones is verified anew.
    ///
    /// # Errors
    /// If the set is not JSON, or holds no usable key; the old keys stay then.
    pub fn replace_keys(&self, issuer: usize, jwks: &str) -> Result<(), String> {
        let known = self.issuers.get(issuer).ok_or("there is no such issuer")?;
        let keys = Arc::new(Keys::parse(jwks, &known.trusted.algorithms)?);
        *known.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        self.cache().clear();
        Ok(())
    }

    /// Waits until a token names a key that is not known.
    pub async fn unknown_key(&self) {
        self.unknown_key.notified().await;
    }

    /// Who the token says the caller is.
    ///
    /// # Errors
    /// If the token is not valid now.
    pub fn verify(&self, token: &str) -> Result<Caller, Error> {
        if token.is_empty() {
            return Err(Error::Missing);
        }
        if token.len() > MAX_TOKEN_BYTES {
            return Err(Error::Invalid);
        }
        let now = self.clock.now().as_second();
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        if let Some((caller, until)) = self.cache().get(&digest)
            && now < *until
        {
            return Ok(caller.clone());
        }
        let (claims, key) = self.decode(token)?;
        let until = claims.exp.saturating_add(self.leeway_seconds);
        if now >= until {
            return Err(Error::Expired);
        }
        if claims
            .nbf
            .is_some_and(|nbf| now < nbf.saturating_sub(self.leeway_seconds))
        {
            return Err(Error::Early);
        }
        if !name::valid_id(&claims.sub) {
            return Err(Error::Invalid);
        }
        let caller = Caller {
            principal: claims.sub.into(),
            token: token_id(claims.jti, token).into(),
            until,
            key: key.into(),
        };
        let trusted_until = until.min(now.saturating_add(CACHE_SECONDS));
        let mut cache = self.cache();
        if cache.len() >= MAX_CACHED {
            cache.clear();
        }
        cache.insert(digest, (caller.clone(), trusted_until));
        Ok(caller)
    }

    /// Whether a caller that was let in still is, as a long stream asks again and again.
    ///
    /// # Errors
    /// If its token has expired or was revoked, the key that signed it is no longer trusted, or its principal disabled.
    pub fn still(&self, caller: &Caller, admission: &dyn Admission) -> Result<(), Error> {
        if self.clock.now().as_second() >= caller.until {
            Err(Error::Expired)
        } else if !self.issuers.iter().any(|known| known.keys().get(&caller.key).is_some()) {
            Err(Error::Invalid)
        } else if admission.admits(caller) {
            Ok(())
        } else {
            Err(Error::Revoked)
        }
    }

    fn decode(&self, token: &str) -> Result<(Claims, String), Error> {
        if has_demands(token) {
            return Err(Error::Invalid);
        }
        let header = jsonwebtoken::decode_header(token).map_err(|_| Error::Invalid)?;
        // Only configured keys are looked up; whatever else the header offers is ignored.
        let id = header.kid.ok_or(Error::Invalid)?;
        let mut refused = Error::Invalid;
        let mut known_key = false;
        for known in &self.issuers {
            let keys = known.keys();
            if keys.is_empty() {
                refused = Error::KeysAway;
            }
            let Some(key) = keys.get(&id) else { continue };
            known_key = true;
            if header.alg != key.algorithm || !of_type(header.typ.as_deref(), &known.trusted) {
                continue;
            }
            if let Ok(claims) = self.signed(token, key, &known.trusted) {
                return Ok((claims, id));
            }
        }
        if !known_key {
            self.unknown_key.notify_waiters();
        }
        Err(refused)
    }

    fn signed(&self, token: &str, key: &Key, trusted: &Trusted) -> Result<Claims, Error> {
        let mut validation = Validation::new(key.algorithm);
        validation.set_audience(&[&self.installation]);
        validation.set_issuer(&[&trusted.issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Times are checked against our own clock, so that tests can move it.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        let data = jsonwebtoken::decode::<Claims>(token, &key.key, &validation).map_err(|_| Error::Invalid)?;
        Ok(data.claims)
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, Verified> {
        self.verified.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Types are compared as media types are (RFC 7515): without regard to case, and `application/` may be left out.
fn of_type(given: Option<&str>, trusted: &Trusted) -> bool {
    let bare = |text: &str| text.to_ascii_lowercase().trim_start_matches("application/").to_owned();
    trusted
        .token_type
        .as_deref()
        .is_none_or(|wanted| given.is_some_and(|given| bare(given) == bare(wanted)))
}

/// The id of a token: its claim `jti`. Where that is missing or is no id of ours, one is made from what there is, so
/// that every token can be named and revoked.
fn token_id(jti: Option<String>, token: &str) -> String {
    match jti {
        Some(jti) if name::valid_id(&jti) => jti,
        Some(jti) if !jti.is_empty() => digest_id(&Sha256::digest(jti.as_bytes())),
        _ => {
            // Some signatures can be written in two ways, so only what is signed says which token it is.
            let signed = token.rsplit_once('.').map_or(token, |(signed, _)| signed);
            digest_id(&Sha256::digest(signed.as_bytes()))
        }
    }
}

/// Whether the header demands that some extension be understood (RFC 7515, `crit`); we understand none.
fn has_demands(token: &str) -> bool {
    let header = token.split('.').next().unwrap_or_default();
    let header = BASE64_URL_SAFE_NO_PAD.decode(header).unwrap_or_default();
    let header: Option<serde_json::Value> = serde_json::from_slice(&header).ok();
    header.is_none_or(|header| header.get("crit").is_some())
}

fn digest_id(digest: &[u8]) -> String {
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("d-{hex}")
}

/// The token in an `authorization` header's value.
///
/// # Errors
/// [`Error::Missing`] if there is none.
pub fn bearer(header: Option<&[u8]>) -> Result<&str, Error> {
    header
        .and_then(|value| std::str::from_utf8(value).ok())
        .and_then(|value| value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("bearer ")))
        .map(str::trim)
        .ok_or(Error::Missing)
}

/// Lets a call through to a service only with a valid token, and tells the handler who calls.
#[derive(Clone)]
pub struct Authenticate {
    verifier: Arc<Verifier>,
    admission: Arc<dyn Admission>,
    domain: Domain,
}

impl fmt::Debug for Authenticate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticate")
            .field("domain", &self.domain)
            .finish_non_exhaustive()
    }
}

impl Authenticate {
    /// For the services of one domain.
    #[must_use]
    pub fn new(verifier: Arc<Verifier>, admission: Arc<dyn Admission>, domain: Domain) -> Self {
        Self {
            verifier,
            admission,
            domain,
        }
    }

    /// Whether a caller that was let in still is.
    ///
    /// # Errors
    /// UNAUTHENTICATED if its token has expired or was revoked, or its principal disabled.
    pub fn still(&self, caller: &Caller) -> Result<(), Status> {
        let still = self.verifier.still(caller, &*self.admission);
        still.map_err(|error| self.domain.unidentified(error))
    }
}

impl Interceptor for Authenticate {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let header = request
            .metadata()
            .get("authorization")
            .map(tonic::metadata::MetadataValue::as_bytes);
        let caller = bearer(header)
            .and_then(|token| self.verifier.verify(token))
            .map_err(|error| self.domain.unidentified(error))?;
        // Kept for what is told of the call, also if it is refused.
        crate::audit::called_by(&caller);
        self.still(&caller)?;
        request.extensions_mut().insert(caller);
        Ok(request)
    }
}

/// A generated server behind its authentication, with the limits that every one has: compressed requests are taken,
/// answers are not compressed (most are small), and no answer is larger than 16 MiB.
#[macro_export]
macro_rules! authenticated {
    ($server:ident, $calls:expr, $auth:expr) => {
        ::tonic::service::interceptor::InterceptedService::new(
            $server::new($calls)
                .accept_compressed(::tonic::codec::CompressionEncoding::Gzip)
                .max_encoding_message_size(16 * 1024 * 1024),
            $auth,
        )
    };
}

/// The caller that [`Authenticate`] found.
///
/// # Errors
/// UNAUTHENTICATED if the service was not wrapped in it: a call without a caller is refused, never guessed.
pub fn caller<T>(request: &Request<T>, domain: Domain) -> Result<Caller, Status> {
    request
        .extensions()
        .get::<Caller>()
        .cloned()
        .ok_or_else(|| domain.unauthenticated(&Error::Missing.to_string()))
}
