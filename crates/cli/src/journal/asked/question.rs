//! One question on a terminal, and its answer.
//!
//! It owns what a question looks like, in both languages, and what it means to break off: nothing is stored then. It must
//! not know what is asked about.

use crate::error::Error;
use crate::globals::{Lang, Session};
use crate::output;
use banggiao_model::text;
use inquire::error::CustomUserError;
use inquire::ui::{RenderConfig, Styled};
use inquire::validator::{StringValidator, Validation};
use inquire::{Autocomplete, Confirm, InquireError, Select, Text};
use tokio::runtime::Handle;

/// A text in English and in Vietnamese.
pub(super) type Both = (&'static str, &'static str);

/// How many suggestions are seen at once.
const SUGGESTIONS: usize = 8;

/// Where somebody sits: with a connection, and a runtime to wait on it.
#[derive(Debug, Clone)]
pub(super) struct Desk {
    /// Who asks, and in which language.
    pub(super) session: Session,
    runtime: Handle,
}

/// Says that nothing was stored.
pub(super) fn tell_nothing_stored(lang: Lang) {
    output::note(lang.pick("Nothing is stored.", "Không lưu gì."));
}

impl Desk {
    /// A desk; must be made inside a tokio runtime.
    pub(super) fn new(session: Session) -> Self {
        Self {
            session,
            runtime: Handle::current(),
        }
    }

    /// Waits for an answer of the server.
    pub(super) fn wait<T>(&self, answer: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        self.runtime.block_on(answer)
    }

    fn say(&self, (en, vi): Both) -> &'static str {
        self.session.lang.pick(en, vi)
    }

    /// Says how to leave.
    pub(super) fn greet(&self) {
        output::note(self.say((
            "Esc or Ctrl-C breaks off, and nothing is stored.",
            "Nhấn Esc hoặc Ctrl-C để dừng, không lưu gì.",
        )));
    }

    fn look(&self) -> RenderConfig<'static> {
        RenderConfig::default().with_canceled_prompt_indicator(Styled::new(self.say(("<broken off>", "<đã dừng>"))))
    }

    /// What was answered; nothing is stored if the conversation was broken off.
    fn answered<T>(&self, answer: Result<T, InquireError>) -> Result<T, Error> {
        answer.map_err(|error| match error {
            InquireError::OperationCanceled | InquireError::OperationInterrupted => {
                tell_nothing_stored(self.session.lang);
                Error::Reported
            }
            other => Error::failure(other.to_string()),
        })
    }

    /// An answer that must be given.
    pub(super) fn required<T>(
        &self,
        question: Both,
        help: Both,
        parse: fn(&str) -> Result<T, String>,
    ) -> Result<T, Error> {
        let answer = self.line(question, help, true, parse)?;
        parse(&answer).map_err(Error::failure)
    }

    /// An answer that may be left empty.
    pub(super) fn optional<T>(
        &self,
        question: Both,
        help: Both,
        parse: fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, Error> {
        let answer = self.line(question, help, false, parse)?;
        if answer.is_empty() {
            return Ok(None);
        }
        parse(&answer).map(Some).map_err(Error::failure)
    }

    /// As [`Self::required`] if it is needed, else as [`Self::optional`].
    pub(super) fn perhaps<T>(
        &self,
        needed: bool,
        question: Both,
        help: Both,
        parse: fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, Error> {
        if needed {
            self.required(question, help, parse).map(Some)
        } else {
            self.optional(question, help, parse)
        }
    }

    fn line<T>(
        &self,
        question: Both,
        help: Both,
        needed: bool,
        parse: fn(&str) -> Result<T, String>,
    ) -> Result<String, Error> {
        self.typed(self.say(question), self.say(help), needed, parse)
    }

    /// A line under a question that is not known in advance.
    pub(super) fn typed<T>(
        &self,
        question: &str,
        help: &str,
        needed: bool,
        parse: fn(&str) -> Result<T, String>,
    ) -> Result<String, Error> {
        let lang = self.session.lang;
        let check = move |answer: &str| -> Result<Validation, CustomUserError> {
            let answer = answer.trim();
            if answer.is_empty() {
                let needed_here = lang.pick("This is needed.", "Mục này bắt buộc.");
                return Ok(if needed {
                    Validation::Invalid(needed_here.into())
                } else {
                    Validation::Valid
                });
            }
            Ok(match parse(answer) {
                Ok(_) => Validation::Valid,
                Err(error) => Validation::Invalid(lang.pick(error, "Không đúng dạng.".to_owned()).into()),
            })
        };
        let mut prompt = Text::new(question)
            .with_validator(check)
            .with_render_config(self.look());
        if !help.is_empty() {
            prompt = prompt.with_help_message(help);
        }
        self.answered(prompt.prompt()).map(|answer| answer.trim().to_owned())
    }

    /// A line with suggestions that come while it is typed.
    pub(super) fn searched(
        &self,
        question: Both,
        help: Both,
        search: impl Autocomplete + 'static,
        check: impl StringValidator + 'static,
    ) -> Result<String, Error> {
        let prompt = Text::new(self.say(question))
            .with_help_message(self.say(help))
            .with_page_size(SUGGESTIONS)
            .with_autocomplete(search)
            .with_validator(check)
            .with_render_config(self.look());
        self.answered(prompt.prompt()).map(|answer| answer.trim().to_owned())
    }

    /// One of several, by its place.
    pub(super) fn pick(&self, question: Both, options: Vec<String>) -> Result<usize, Error> {
        let words_occur = |typed: &str, _: &String, option: &str, _: usize| {
            let option = text::fold(option);
            let typed = text::fold(typed);
            typed.split_whitespace().all(|word| option.contains(word)).then_some(0)
        };
        let help = (
            "arrow keys move, Enter takes, typing narrows (diacritics may be left out)",
            "phím mũi tên để chọn, Enter để lấy, gõ để lọc (có thể bỏ dấu)",
        );
        let prompt = Select::new(self.say(question), options)
            .with_help_message(self.say(help))
            .with_page_size(SUGGESTIONS)
            .with_scorer(&words_occur)
            .with_render_config(self.look());
        self.answered(prompt.raw_prompt()).map(|picked| picked.index)
    }

    /// Yes or no; Enter is yes.
    pub(super) fn confirm(&self, en: &'static str, vi: &'static str) -> Result<bool, Error> {
        let lang = self.session.lang;
        let word = move |yes: bool| {
            let words = lang.pick(["no", "yes"], ["không", "có"]);
            words[usize::from(yes)].to_owned()
        };
        let parse = |answer: &str| match text::fold(answer).as_str() {
            "y" | "yes" | "c" | "co" => Ok(true),
            "n" | "no" | "k" | "khong" => Ok(false),
            _ => Err(()),
        };
        let default = move |_| lang.pick("Y/n", "C/k").to_owned();
        let prompt = Confirm::new(lang.pick(en, vi))
            .with_default(true)
            .with_parser(&parse)
            .with_formatter(&word)
            .with_default_value_formatter(&default)
            .with_error_message(lang.pick("y or n, please", "Trả lời c (có) hoặc k (không)"))
            .with_render_config(self.look());
        self.answered(prompt.prompt())
    }
}
