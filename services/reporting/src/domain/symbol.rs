//! Symbols: small numbers that stand for the ids of event types, programmes and quantities, of which there are few and
//! which millions of facts repeat.

use std::{collections::HashMap, sync::Arc};

/// Stands for a text; the same text has the same symbol for as long as the process lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol(u32);

impl Symbol {
    /// The number, from 0, for a fact to be packed with.
    pub(super) fn number(self) -> u32 {
        self.0
    }

    /// The symbol of a number that was one's.
    pub(super) fn of_number(number: u32) -> Self {
        Self(number)
    }
}

/// The texts that have symbols. A clone shares everything until a new text comes.
#[derive(Debug, Clone, Default)]
pub struct Symbols(Arc<Table>);

#[derive(Debug, Clone, Default)]
struct Table {
    texts: Vec<Arc<str>>,
    symbols: HashMap<Arc<str>, Symbol>,
}

impl Symbols {
    /// The symbol of a text, which gets one if it has none.
    pub fn intern(&mut self, text: &str) -> Symbol {
        if let Some(symbol) = self.find(text) {
            return symbol;
        }
        let table = Arc::make_mut(&mut self.0);
        let text: Arc<str> = text.into();
        // There are at most as many texts as revisions; 4,000,000,000 do not fit into memory first.
        let symbol = Symbol(u32::try_from(table.texts.len()).unwrap_or(u32::MAX));
        table.texts.push(Arc::clone(&text));
        table.symbols.insert(text, symbol);
        symbol
    }

    /// The symbol of a text that some fact has named.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<Symbol> {
        self.0.symbols.get(text).copied()
    }

    /// The text that a symbol stands for.
    #[must_use]
    pub fn text(&self, symbol: Symbol) -> &str {
        self.0.texts.get(symbol.0 as usize).map_or("", |text| text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_symbol() {
        let mut symbols = Symbols::default();
        let patrol = symbols.intern("joint-patrol");
        let earlier = symbols.clone();
        let aid = symbols.intern("aid");
        assert_eq!(symbols.intern("joint-patrol"), patrol);
        assert_ne!(patrol, aid);
        assert_eq!(symbols.text(aid), "aid");
        assert_eq!(earlier.find("aid"), None);
        assert_eq!(earlier.text(patrol), "joint-patrol");
    }
}
