//! Tokens from the outside: which let somebody in, and every way in which one is refused.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use banggiao_model::clock::Clock;
use banggiao_rpc::{
    identity::{Admission, Algorithm, Caller, Error, Trusted, Verifier},
    token::Issuer,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{EncodingKey, Header};
use serde_json::{Value, json};

const NOW: i64 = 1_000_000;
const JWKS: &str = include_str!("keys/jwks.json");
const RSA: &[u8] = include_bytes!("keys/rs256.der");
const SMALL: &[u8] = include_bytes!("keys/small.der");
const EC: &[u8] = include_bytes!("keys/es256.der");

struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::from_second(self.0.load(Ordering::Relaxed)).unwrap()
    }
}

struct House {
    clock: Arc<Hand>,
    verifier: Verifier,
    issuer: Issuer,
}

/// A verifier that trusts the own issuer and two others, one of either algorithm.
fn house() -> House {
    let clock = Arc::new(Hand(AtomicI64::new(NOW)));
    let issuer = Issuer::new(&[7; 32], "here", "tayninh");
    let other = |issuer: &str, algorithm| Trusted {
        issuer: issuer.to_owned(),
        algorithms: vec![algorithm],
        token_type: None,
    };
    let trusted = vec![
        Trusted::own("here"),
        other("elliptic", Algorithm::ES256),
        other("rivest", Algorithm::RS256),
    ];
    let verifier = Verifier::new(trusted, "tayninh", 60, Arc::<Hand>::clone(&clock));
    verifier.replace_keys(0, &issuer.jwks()).unwrap();
    verifier.replace_keys(1, JWKS).unwrap();
    verifier.replace_keys(2, JWKS).unwrap();
    House {
        clock,
        verifier,
        issuer,
    }
}

fn claims(issuer: &str) -> Value {
    json!({"iss": issuer, "aud": "tayninh", "sub": "recorder", "exp": NOW + 600, "jti": "t1"})
}

fn changed(mut claims: Value, name: &str, value: Value) -> Value {
    claims[name] = value;
    claims
}

fn sign(algorithm: Algorithm, kid: Option<&str>, key: &EncodingKey, claims: &Value) -> String {
    let mut header = Header::new(algorithm);
    header.kid = kid.map(str::to_owned);
    jsonwebtoken::encode(&header, claims, key).unwrap()
}

fn elliptic(claims: &Value) -> String {
    sign(Algorithm::ES256, Some("ec"), &EncodingKey::from_ec_der(EC), claims)
}

/// A token of any header and signature.
fn forged(header: &Value, claims: &Value, signature: &[u8]) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!(
        "{}.{}.{}",
        part(header),
        part(claims),
        BASE64_URL_SAFE_NO_PAD.encode(signature)
    )
}

#[test]
fn each_issuer_lets_in_by_its_own_signature() {
    let house = house();
    let own = house.issuer.issue("recorder", 600, "t-1", &*house.clock).unwrap();
    let caller = house.verifier.verify(&own).unwrap();
    assert_eq!(
        (&*caller.principal, &*caller.token, caller.until),
        ("recorder", "t-1", NOW + 660)
    );
    assert!(house.verifier.verify(&elliptic(&claims("elliptic"))).is_ok());
    let rsa = EncodingKey::from_rsa_der(RSA);
    let rivest = sign(Algorithm::RS256, Some("rsa"), &rsa, &claims("rivest"));
    assert!(house.verifier.verify(&rivest).is_ok());
    let several = changed(claims("elliptic"), "aud", json!(["longan", "tayninh"]));
    assert!(house.verifier.verify(&elliptic(&several)).is_ok());
}

#[test]
fn every_other_token_is_refused() {
    let house = house();
    let good = claims("elliptic");
    let ec = EncodingKey::from_ec_der(EC);
    let rsa = EncodingKey::from_rsa_der(RSA);
    let small = EncodingKey::from_rsa_der(SMALL);
    let public = BASE64_URL_SAFE_NO_PAD
        .decode(JWKS.split("\"x\": \"").nth(1).unwrap().split('"').next().unwrap())
        .unwrap();
    let public = EncodingKey::from_secret(&public);
    let pem = EncodingKey::from_secret(EC);
    let shared = EncodingKey::from_secret(b"0123456789abcdef0123456789abcdef");
    let hs256 = |kid, key| sign(Algorithm::HS256, Some(kid), key, &good);
    let own = house.issuer.issue("recorder", 600, "t-1", &*house.clock).unwrap();
    let own_of_other_type = {
        let header = own.split('.').next().unwrap();
        let header: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
        let header = changed(header, "typ", json!("JWT"));
        let rest = own.split_once('.').unwrap().1;
        format!("{}.{rest}", BASE64_URL_SAFE_NO_PAD.encode(header.to_string()))
    };
    let stripped = |token: &str| format!("{}.", token.rsplit_once('.').unwrap().0);
    let embedded = json!({"alg": "ES256", "kid": "mine", "jwk": {"kty": "EC", "crv": "P-256"}, "jku": "http://mine/"});
    let cases = [
        ("no token at all", String::new(), Error::Missing),
        ("not a token", "token".to_owned(), Error::Invalid),
        (
            "none",
            forged(&json!({"alg": "none", "kid": "ec"}), &good, b""),
            Error::Invalid,
        ),
        (
            "none of a known type",
            forged(&json!({"alg": "none", "typ": "at+jwt"}), &good, b""),
            Error::Invalid,
        ),
        ("without signature", stripped(&elliptic(&good)), Error::Invalid),
        ("HS256 by the public key", hs256("ec", &public), Error::Invalid),
        ("HS256 by the key's file", hs256("ec", &pem), Error::Invalid),
        (
            "HS256 by a shared key of the set",
            hs256("shared", &shared),
            Error::Invalid,
        ),
        (
            "RS256 named as the elliptic key",
            sign(Algorithm::RS256, Some("ec"), &rsa, &good),
            Error::Invalid,
        ),
        (
            "another algorithm of the same key",
            sign(Algorithm::RS512, Some("rsa"), &rsa, &claims("rivest")),
            Error::Invalid,
        ),
        (
            "an algorithm of another issuer",
            sign(Algorithm::RS256, Some("rsa"), &rsa, &good),
            Error::Invalid,
        ),
        (
            "a short key",
            sign(Algorithm::RS256, Some("small"), &small, &claims("rivest")),
            Error::Invalid,
        ),
        (
            "a key that is not for signatures",
            sign(Algorithm::ES256, Some("sealing"), &ec, &good),
            Error::Invalid,
        ),
        ("no key named", sign(Algorithm::ES256, None, &ec, &good), Error::Invalid),
        (
            "an unknown key",
            sign(Algorithm::ES256, Some("other"), &ec, &good),
            Error::Invalid,
        ),
        (
            "a demand that we do not know",
            forged(
                &json!({"alg": "ES256", "kid": "ec", "crit": ["b64"], "b64": true}),
                &good,
                b"x",
            ),
            Error::Invalid,
        ),
        (
            "a key that the token brings",
            forged(&embedded, &good, b"x"),
            Error::Invalid,
        ),
        ("another issuer", elliptic(&claims("nobody")), Error::Invalid),
        (
            "the own issuer by a foreign key",
            elliptic(&claims("here")),
            Error::Invalid,
        ),
        (
            "another installation",
            elliptic(&changed(good.clone(), "aud", json!("longan"))),
            Error::Invalid,
        ),
        (
            "no audience",
            elliptic(&changed(good.clone(), "aud", Value::Null)),
            Error::Invalid,
        ),
        (
            "no end",
            elliptic(&changed(good.clone(), "exp", Value::Null)),
            Error::Invalid,
        ),
        (
            "no principal",
            elliptic(&changed(good.clone(), "sub", Value::Null)),
            Error::Invalid,
        ),
        (
            "a principal that is no id",
            elliptic(&changed(good.clone(), "sub", json!("../x"))),
            Error::Invalid,
        ),
        (
            "expired",
            elliptic(&changed(good.clone(), "exp", json!(NOW - 60))),
            Error::Expired,
        ),
        (
            "too early",
            elliptic(&changed(good.clone(), "nbf", json!(NOW + 61))),
            Error::Early,
        ),
        (
            "oversize",
            elliptic(&changed(good.clone(), "jti", json!("x".repeat(9000)))),
            Error::Invalid,
        ),
        ("of another type", own_of_other_type, Error::Invalid),
    ];
    for (what, token, wanted) in cases {
        assert_eq!(house.verifier.verify(&token), Err(wanted), "{what}");
    }
}

#[test]
fn clocks_may_differ_a_little() {
    let house = house();
    let late = changed(claims("elliptic"), "exp", json!(NOW - 59));
    assert!(house.verifier.verify(&elliptic(&late)).is_ok());
    let early = changed(claims("elliptic"), "nbf", json!(NOW + 60));
    assert!(house.verifier.verify(&elliptic(&early)).is_ok());
    let own = house.issuer.issue("recorder", 600, "t-1", &*house.clock).unwrap();
    assert!(house.verifier.verify(&own).is_ok());
    house.clock.0.store(NOW + 660, Ordering::Relaxed);
    assert_eq!(house.verifier.verify(&own), Err(Error::Expired));
}

#[test]
fn renewed_keys_end_the_trust_in_what_the_old_ones_signed() {
    let house = house();
    let old = house.issuer.issue("recorder", 600, "t-1", &*house.clock).unwrap();
    assert!(house.verifier.verify(&old).is_ok());
    let renewed = Issuer::new(&[8; 32], "here", "tayninh");
    assert!(house.verifier.replace_keys(0, "{}").is_err());
    assert!(house.verifier.verify(&old).is_ok(), "a broken set changes nothing");
    house.verifier.replace_keys(0, &renewed.jwks()).unwrap();
    assert_eq!(house.verifier.verify(&old), Err(Error::Invalid));
    let new = renewed.issue("recorder", 600, "t-2", &*house.clock).unwrap();
    assert!(house.verifier.verify(&new).is_ok());
}

#[test]
fn without_any_key_nobody_can_say() {
    let house = house();
    let away = Trusted {
        issuer: "away".to_owned(),
        algorithms: vec![Algorithm::ES256],
        token_type: None,
    };
    let verifier = Verifier::new(vec![away], "tayninh", 60, Arc::<Hand>::clone(&house.clock));
    assert_eq!(verifier.verify(&elliptic(&claims("away"))), Err(Error::KeysAway));
    verifier.replace_keys(0, JWKS).unwrap();
    assert!(verifier.verify(&elliptic(&claims("away"))).is_ok());
}

#[test]
fn every_token_has_an_id_by_which_it_is_revoked() {
    struct Refusing(Caller);
    impl Admission for Refusing {
        fn admits(&self, caller: &Caller) -> bool {
            caller.token != self.0.token
        }
    }
    let house = house();
    let of = |jti: Value| {
        let token = elliptic(&changed(claims("elliptic"), "jti", jti));
        house.verifier.verify(&token).unwrap()
    };
    let (plain, foreign, none) = (of(json!("t-9")), of(json!("3F2504E0-4F89")), of(Value::Null));
    assert_eq!(&*plain.token, "t-9");
    for caller in [&foreign, &none] {
        assert!(banggiao_model::name::valid_id(&caller.token), "{}", caller.token);
    }
    assert_ne!(foreign.token, none.token);
    // The second half of such a signature may be turned round, and it holds as before.
    let token = elliptic(&changed(claims("elliptic"), "jti", Value::Null));
    let first = house.verifier.verify(&token).unwrap();
    let again = house
        .verifier
        .verify(&elliptic(&changed(claims("elliptic"), "jti", Value::Null)));
    assert_eq!(
        again.unwrap().token,
        first.token,
        "another signature of the same content is the same token"
    );
    let revoked = Refusing(plain.clone());
    assert_eq!(house.verifier.still(&plain, &revoked), Err(Error::Revoked));
    assert_eq!(house.verifier.still(&foreign, &revoked), Ok(()));
    house.clock.0.store(NOW + 660, Ordering::Relaxed);
    assert_eq!(house.verifier.still(&foreign, &revoked), Err(Error::Expired));
}
