//! Callers that show a certificate instead of a token: the gateway knows the principal by the certificate's names, and
//! vouches for it towards the services with a short-lived token of its own. They trust its key as that of one more issuer,
//! and verify it as they verify every other.

use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::ensure;
use banggiao_model::{clock::Clock, name};
use banggiao_rpc::{certificate::PeerCertificate, token::Issuer};
use banggiao_runtime::private;
use http::HeaderValue;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// So long does a token hold that the gateway makes.
const TOKEN_SECONDS: i64 = 300;
/// It is made anew when it has no more than this left.
const LEFT_SECONDS: i64 = 120;

/// Which certificates are whose, and how the gateway vouches for them.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Certificates {
    /// How the gateway names itself as an issuer of tokens.
    pub issuer: String,
    /// The key with which it signs; made if it is not there.
    pub key_file: PathBuf,
    /// Where it writes its public key, for the services to trust, a JSON Web Key Set.
    pub jwks_file: PathBuf,
    /// Ids of principals by a name in their certificate: a DNS name or a URI.
    pub principals: BTreeMap<String, String>,
}

/// Makes tokens for those whom a certificate names.
#[derive(Clone)]
pub struct Exchange {
    issuer: Arc<Issuer>,
    principals: Arc<BTreeMap<String, String>>,
    clock: Arc<dyn Clock>,
    made: Arc<Mutex<HashMap<String, Made>>>,
}

/// A caller recognised by a certificate.
#[derive(Debug, Clone)]
pub struct Vouched {
    /// Id of the principal.
    pub principal: Arc<str>,
    /// The header that says so.
    pub authorization: HeaderValue,
}

struct Made {
    vouched: Vouched,
    until: i64,
}

impl std::fmt::Debug for Exchange {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Exchange")
    }
}

impl Exchange {
    /// Reads the key, or makes it, and writes its public half.
    ///
    /// # Errors
    /// If a file cannot be read or written, or a principal's id is none.
    pub fn open(config: &Certificates, installation: &str, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        for principal in config.principals.values() {
            ensure!(name::valid_id(principal), "{principal:?} is not the id of a principal");
        }
        let issuer = Issuer::new(&private::seed(&config.key_file)?, &config.issuer, installation);
        private::write(&config.jwks_file, &issuer.jwks())?;
        Ok(Self {
            issuer: Arc::new(issuer),
            principals: Arc::new(config.principals.clone()),
            clock,
            made: Arc::default(),
        })
    }

    /// Who the certificate is for, if that is known here.
    pub fn vouch(&self, certificate: &PeerCertificate) -> Option<Vouched> {
        let mut names = certificate.names.iter();
        let (name, principal) = names.find_map(|name| self.principals.get_key_value(name))?;
        let now = self.clock.now().as_second();
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = made.get(name)
            && now < made.until - LEFT_SECONDS
        {
            return Some(made.vouched.clone());
        }
        // One id for all tokens of a name, so that revoking it shuts that certificate out for good.
        let digest = Sha256::digest(name.as_bytes());
        let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let token = self
            .issuer
            .issue(principal, TOKEN_SECONDS, &format!("c-{hex}"), &*self.clock)
            .ok()?;
        let mut authorization = HeaderValue::try_from(format!("Bearer {token}")).ok()?;
        authorization.set_sensitive(true);
        let vouched = Vouched {
            principal: principal.as_str().into(),
            authorization,
        };
        let until = now + TOKEN_SECONDS;
        let entry = Made {
            vouched: vouched.clone(),
            until,
        };
        made.insert(name.clone(), entry);
        Some(vouched)
    }
}
