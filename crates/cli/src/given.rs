//! Flags that may be given, given empty, or not given at all; and messages built from them with their mask.
//!
//! It owns that distinction, which an update needs: what is not given stays, what is given empty becomes unknown. Which
//! flags there are stands with the verbs.

use clap::Args;
use std::collections::BTreeMap;

/// What stands behind a flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given<T> {
    /// Nothing: the field is, or becomes, unknown.
    Empty,
    /// A value.
    Value(T),
}

/// A value by a parser, or nothing.
pub(crate) fn given<T>(
    parse: impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static,
) -> impl Fn(&str) -> Result<Given<T>, String> + Clone + Send + Sync + 'static {
    move |text| match text.trim() {
        "" => Ok(Given::Empty),
        text => parse(text).map(Given::Value),
    }
}

/// Values separated by commas, each by a parser.
pub(crate) fn list<T>(
    parse: impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static,
) -> impl Fn(&str) -> Result<Vec<T>, String> + Clone + Send + Sync + 'static {
    move |text| text.split(',').map(|element| parse(element.trim())).collect()
}

/// Any text.
pub(crate) fn text(text: &str) -> Result<String, String> {
    Ok(text.to_owned())
}

/// A whole number that is not negative.
pub(crate) fn count(text: &str) -> Result<i64, String> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let count = if digits { text.parse().ok() } else { None };
    count.ok_or_else(|| format!("\"{text}\" is not a whole number such as 0 or 12"))
}

/// The values of a flag that is given once for each; nothing if it is not given, an empty list if only without value.
pub(crate) fn each<T>(flags: Vec<Given<T>>) -> Option<Given<Vec<T>>> {
    if flags.is_empty() {
        return None;
    }
    let values = flags.into_iter().filter_map(|flag| match flag {
        Given::Empty => None,
        Given::Value(value) => Some(value),
    });
    Some(Given::Value(values.collect()))
}

/// A message under construction, and the paths of what was given.
#[derive(Debug, Default)]
pub(crate) struct Draft<M> {
    pub(crate) message: M,
    pub(crate) paths: Vec<String>,
}

impl<M> Draft<M> {
    /// A draft that begins with what is not a matter of flags.
    pub(crate) fn new(message: M) -> Self {
        Self {
            message,
            paths: Vec::new(),
        }
    }

    /// Notes the path of a flag that was given, and its value if it has one.
    pub(crate) fn put<T>(&mut self, path: &str, given: Option<Given<T>>, set: impl FnOnce(&mut M, T)) {
        let Some(given) = given else { return };
        self.paths.push(path.to_owned());
        if let Given::Value(value) = given {
            set(&mut self.message, value);
        }
    }
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident: $vi:ident, $en:ident, $km:ident, $lo:ident, $what:literal;)*) => {
        $($(#[$doc])*
        #[derive(Debug, Clone, Default, Args)]
        pub struct $name {
            #[doc = concat!($what, " in Vietnamese.")]
            #[arg(long, help = concat!($what, " in Vietnamese"), value_name = "TEXT", value_parser = given(text))]
            pub $vi: Option<Given<String>>,
            #[doc = concat!($what, " in English.")]
            #[arg(long, help = concat!($what, " in English"), value_name = "TEXT", value_parser = given(text))]
            pub $en: Option<Given<String>>,
            #[doc = concat!($what, " in Khmer.")]
            #[arg(long, help = concat!($what, " in Khmer"), value_name = "TEXT", value_parser = given(text))]
            pub $km: Option<Given<String>>,
            #[doc = concat!($what, " in Lao.")]
            #[arg(long, help = concat!($what, " in Lao"), value_name = "TEXT", value_parser = given(text))]
            pub $lo: Option<Given<String>>,
        }

        impl $name {
            /// Whether any language is given.
            pub(crate) fn any(&self) -> bool {
                [&self.$vi, &self.$en, &self.$km, &self.$lo].iter().any(|text| text.is_some())
            }

            /// The texts by language: those given take the place of those there were, the others stay.
            pub(crate) fn over(self, mut texts: BTreeMap<String, String>) -> BTreeMap<String, String> {
                for (key, text) in [("vi", self.$vi), ("en", self.$en), ("km", self.$km), ("lo", self.$lo)] {
                    match text {
                        Some(Given::Value(text)) => drop(texts.insert(key.to_owned(), text)),
                        Some(Given::Empty) => drop(texts.remove(key)),
                        None => {}
                    }
                }
                texts
            }

            /// As [`Self::over`], as what a draft takes.
            pub(crate) fn given(self, texts: BTreeMap<String, String>) -> Option<Given<BTreeMap<String, String>>> {
                self.any().then(|| Given::Value(self.over(texts)))
            }
        })*
    };
}

texts! {
    /// A name by language.
    Names: name_vi, name_en, name_km, name_lo, "The name";
    /// A title by language.
    Titles: title_vi, title_en, title_km, title_lo, "The title";
    /// What is counted, by language.
    UnitsOfCount: unit_of_count_vi, unit_of_count_en, unit_of_count_km, unit_of_count_lo, "What is counted, as persons or km,";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_given_stays_and_what_is_empty_goes() {
        let old = || [("vi".to_owned(), "cũ".to_owned()), ("en".to_owned(), "old".to_owned())].into();
        let names = Names {
            name_vi: Some(Given::Value("mới".into())),
            name_en: Some(Given::Empty),
            ..Names::default()
        };
        assert_eq!(
            names.given(old()),
            Some(Given::Value([("vi".into(), "mới".into())].into()))
        );
        assert_eq!(Names::default().given(old()), None);
        assert_eq!(each::<i64>(vec![]), None);
        assert_eq!(each::<i64>(vec![Given::Empty]), Some(Given::Value(vec![])));
        assert_eq!(
            each(vec![Given::Value(1), Given::Value(2)]),
            Some(Given::Value(vec![1, 2]))
        );
    }
}
