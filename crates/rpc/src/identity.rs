//! Who calls: a token on every call, verified by every service for itself. What the caller may do is decided by its
//! grants, never by the token.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use banggiao_model::clock::Clock;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk::JwkSet};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tonic::{Request, Status, service::Interceptor};

use crate::status::Domain;

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
}

impl Caller {
    /// Resource name of the principal.
    #[must_use]
    pub fn name(&self) -> String {
        banggiao_model::name::name("principals", &self.principal)
    }
}

/// The claims of a token (RFC 9068).
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    pub(crate) aud: String,
    pub(crate) sub: String,
    pub(crate) exp: i64,
    pub(crate) iat: i64,
    pub(crate) nbf: i64,
    pub(crate) jti: String,
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
}

/// Principals by the digest of a verified token, each with the second until which it is trusted.
type Verified = HashMap<[u8; 32], (Arc<str>, i64)>;

/// Verifies tokens against the public keys of the installation's issuer.
pub struct Verifier {
    keys: HashMap<String, DecodingKey>,
    validation: Validation,
    clock: Arc<dyn Clock>,
    leeway_seconds: i64,
    verified: Mutex<Verified>,
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("keys", &self.keys.len())
            .finish_non_exhaustive()
    }
}

impl Verifier {
    /// From a JSON Web Key Set with EdDSA keys. `installation` is the audience that tokens must name and `issuer`
    /// who must have issued them.
    ///
    /// # Errors
    /// If the set is not JSON, or holds no usable key.
    pub fn new(jwks: &str, issuer: &str, installation: &str, clock: Arc<dyn Clock>) -> Result<Self, String> {
        let set: JwkSet = serde_json::from_str(jwks).map_err(|error| format!("not a JSON Web Key Set: {error}"))?;
        let mut keys = HashMap::new();
        for jwk in &set.keys {
            let id = jwk.common.key_id.clone().ok_or("a key has no kid")?;
            let key = DecodingKey::from_jwk(jwk).map_err(|error| format!("key {id}: {error}"))?;
            keys.insert(id, key);
        }
        if keys.is_empty() {
            return Err("the JSON Web Key Set is empty".to_owned());
        }
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_audience(&[installation]);
        validation.set_issuer(&[issuer]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Times are checked against our own clock, so that tests can move it.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Ok(Self {
            keys,
            validation,
            clock,
            leeway_seconds: 60,
            verified: Mutex::default(),
        })
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
        if let Some((principal, until)) = self.cache().get(&digest)
            && now < *until
        {
            return Ok(Caller {
                principal: Arc::clone(principal),
            });
        }
        let claims = self.decode(token)?;
        if now >= claims.exp.saturating_add(self.leeway_seconds) {
            return Err(Error::Expired);
        }
        if now < claims.nbf.saturating_sub(self.leeway_seconds) || !banggiao_model::name::valid_id(&claims.sub) {
            return Err(Error::Invalid);
        }
        let principal: Arc<str> = claims.sub.into();
        let until = claims.exp.min(now.saturating_add(CACHE_SECONDS));
        let mut cache = self.cache();
        if cache.len() >= MAX_CACHED {
            cache.clear();
        }
        cache.insert(digest, (Arc::clone(&principal), until));
        Ok(Caller { principal })
    }

    fn decode(&self, token: &str) -> Result<Claims, Error> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Error::Invalid)?;
        if header.typ.as_deref() != Some(crate::token::TYPE) {
            return Err(Error::Invalid);
        }
        // Only configured keys are looked up; whatever else the header offers is ignored.
        let key = header.kid.and_then(|kid| self.keys.get(&kid)).ok_or(Error::Invalid)?;
        let data = jsonwebtoken::decode::<Claims>(token, key, &self.validation).map_err(|_| Error::Invalid)?;
        Ok(data.claims)
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, Verified> {
        self.verified.lock().unwrap_or_else(PoisonError::into_inner)
    }
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
#[derive(Debug, Clone)]
pub struct Authenticate {
    verifier: Arc<Verifier>,
    domain: Domain,
}

impl Authenticate {
    /// For the services of one domain.
    #[must_use]
    pub fn new(verifier: Arc<Verifier>, domain: Domain) -> Self {
        Self { verifier, domain }
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
            .map_err(|error| self.domain.unauthenticated(&error.to_string()))?;
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
