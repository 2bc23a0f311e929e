//! How a fact is laid out: a front of 16 bytes that every figure reads, and a rest of 22 that few ask for. What a fact has
//! several of stands aside.

use banggiao_contracts::r#type::v1::Direction;
use banggiao_model::{decimal::Decimal, hierarchy::Key, permission::Classification};

use crate::domain::{fact::Fact, symbol::Symbol};

/// Which of an event's revisions is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Index {
    /// The last approved one.
    Counted,
    /// The newest one.
    Newest,
}

/// What figures look at.
#[derive(Debug, Clone, Copy)]
pub struct Front {
    /// The home unit; of several the first.
    pub home: Key,
    /// The partner unit; of several the first; of none, any.
    partner: Key,
    /// From the lowest: one for each index, whether it is whole, whether it has several homes, two for the number of
    /// partners, two for the classification, six for the delegations, one each for whether delegations and persons are
    /// told, two for the direction, fourteen for the type.
    bits: u32,
    /// Zero if it is not told.
    persons: u16,
    programme: u16,
}

/// What is asked for seldom.
#[derive(Debug, Clone, Copy)]
pub struct Rest {
    /// The event's id is `e` and these bytes in hexadecimal.
    pub id: [u8; 16],
    /// The position in the log, the highest byte first: a number would be padded.
    log: [u8; POSITION],
    pub revision: u8,
}

/// A quantity whose digits fit 64 bits.
#[derive(Debug, Clone, Copy)]
pub struct Quantity {
    mantissa: i64,
    key: Symbol,
    scale: u8,
}

/// A position in the log has so many bytes.
const POSITION: usize = 5;
const WHOLE: u32 = 1 << 2;
const SEVERAL_HOMES: u32 = 1 << 3;
const PARTNERS: u32 = 4;
const CLASSIFICATION: u32 = 6;
const DELEGATIONS: u32 = 8;
const KIND: u32 = 16;
const TYPE: u32 = 18;
const TWO_BITS: u32 = 0b11;
const DELEGATIONS_MAX: u32 = 0x3f;
const DELEGATIONS_TOLD: u32 = 14;
const PERSONS_TOLD: u32 = 15;
const NO_PROGRAMME: u16 = u16::MAX;
const SEVERAL_PROGRAMMES: u16 = u16::MAX - 1;

impl Index {
    /// The bit of a front that says whether the fact stands there.
    fn bit(self) -> u32 {
        match self {
            Self::Newest => 1 << 0,
            Self::Counted => 1 << 1,
        }
    }
}

/// A fact laid out, but for what it has several of; whole if it does not fit. Only a fact without home unit is none.
pub fn pack(fact: &Fact) -> Option<(Front, Rest)> {
    let front = front(fact);
    let rest = rest(fact);
    let fits = fact
        .quantities
        .iter()
        .all(|quantity| Quantity::pack(quantity).is_some());
    if let (Some(front), Some(rest), true) = (front, rest, fits) {
        return Some((front, rest));
    }
    let home = *fact.homes.first()?;
    let front = Front {
        home,
        partner: home,
        bits: WHOLE,
        persons: 0,
        programme: NO_PROGRAMME,
    };
    let rest = Rest {
        id: [0; 16],
        log: position(fact.log_index).unwrap_or([u8::MAX; POSITION]),
        revision: 0,
    };
    Some((front, rest))
}

fn front(fact: &Fact) -> Option<Front> {
    let number = |number: Option<u32>, max: u32| Some(number.unwrap_or(0)).filter(|number| *number <= max);
    let kind = fact.event_type.number();
    let delegations = number(fact.delegations, DELEGATIONS_MAX)?;
    let persons = number(fact.persons, u16::MAX.into())?;
    let programme = match *fact.programmes {
        [] => NO_PROGRAMME,
        [one] => u16::try_from(one.number())
            .ok()
            .filter(|one| *one < SEVERAL_PROGRAMMES)?,
        _ => SEVERAL_PROGRAMMES,
    };
    let direction = match fact.direction {
        Direction::Unspecified => 0,
        Direction::Inbound => 1,
        Direction::Outbound => 2,
    };
    let home = *fact.homes.first()?;
    let bits = (kind < 1 << (u32::BITS - TYPE)).then_some(kind << TYPE)?
        | direction << KIND
        | delegations << DELEGATIONS
        | u32::from(fact.delegations.is_some()) << DELEGATIONS_TOLD
        | u32::from(fact.persons.is_some()) << PERSONS_TOLD
        | (fact.classification as u32) << CLASSIFICATION
        | u32::try_from(fact.partners.len().min(2)).ok()? << PARTNERS
        | if fact.homes.len() > 1 { SEVERAL_HOMES } else { 0 };
    Some(Front {
        home,
        partner: fact.partners.first().copied().unwrap_or(home),
        bits,
        persons: u16::try_from(persons).ok()?,
        programme,
    })
}

fn rest(fact: &Fact) -> Option<Rest> {
    Some(Rest {
        id: id_bytes(&fact.event)?,
        log: position(fact.log_index)?,
        revision: u8::try_from(fact.revision).ok()?,
    })
}

/// A position's lower bytes, if the others are zero: a log of a trillion entries has no more.
fn position(log_index: i64) -> Option<[u8; POSITION]> {
    let bytes = log_index.to_be_bytes();
    let (high, low) = bytes.split_at(bytes.len() - POSITION);
    high.iter().all(|byte| *byte == 0).then(|| low.try_into().ok())?
}

/// Ids are made by the journal as `e` and a UUID; others come from files only in tests.
fn id_bytes(id: &str) -> Option<[u8; 16]> {
    let digits = id.strip_prefix('e').filter(|digits| digits.len() == 32)?;
    let plain = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let number = digits
        .bytes()
        .all(plain)
        .then(|| u128::from_str_radix(digits, 16).ok())??;
    Some(number.to_be_bytes())
}

impl Front {
    /// Whether the fact stands in an index.
    #[must_use]
    pub fn stands_in(&self, index: Index) -> bool {
        self.bits & index.bit() != 0
    }

    /// Whether it stands in an index with one home unit, and fits.
    #[must_use]
    pub fn stands_alone_in(&self, index: Index) -> bool {
        self.bits & (index.bit() | WHOLE | SEVERAL_HOMES) == index.bit()
    }

    pub(super) fn stands(&self) -> bool {
        self.stands_in(Index::Newest) || self.stands_in(Index::Counted)
    }

    pub(super) fn set(&mut self, index: Index, stands: bool) {
        self.bits = self.bits & !index.bit() | if stands { index.bit() } else { 0 };
    }

    /// Whether nothing else is said here: the fact is kept as it was read.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.bits & WHOLE != 0
    }

    /// Whether [`Self::home`] is the only home unit.
    #[must_use]
    pub fn has_one_home(&self) -> bool {
        self.bits & (WHOLE | SEVERAL_HOMES) == 0
    }

    /// Type and direction as one number of 16 bits.
    #[must_use]
    pub fn kind(&self) -> u16 {
        (self.bits >> KIND) as u16
    }

    /// The classification, by its place among [`Classification::ALL`].
    #[must_use]
    pub fn classified(&self) -> usize {
        (self.bits >> CLASSIFICATION & TWO_BITS) as usize
    }

    /// The classification.
    pub(super) fn classification(&self) -> Classification {
        Classification::ALL[self.classified()]
    }

    /// The direction.
    pub(super) fn direction(&self) -> Direction {
        match self.bits >> KIND & TWO_BITS {
            1 => Direction::Inbound,
            2 => Direction::Outbound,
            _ => Direction::Unspecified,
        }
    }

    /// The type.
    pub(super) fn event_type(&self) -> Symbol {
        Symbol::of_number(self.bits >> TYPE)
    }

    /// The number of delegations, if it is known.
    #[must_use]
    pub fn delegations(&self) -> Option<u32> {
        let (told, delegations) = self.delegations_told();
        (told == 1).then_some(delegations)
    }

    /// The number of persons, if it is known.
    #[must_use]
    pub fn persons(&self) -> Option<u32> {
        let (told, persons) = self.persons_told();
        (told == 1).then_some(persons)
    }

    /// Whether the delegations are told, as 1 or 0, and how many they are: 0 if they are not, at most 63.
    #[must_use]
    pub fn delegations_told(&self) -> (u32, u32) {
        let told = self.bits >> DELEGATIONS_TOLD & 1;
        (told, self.bits >> DELEGATIONS & DELEGATIONS_MAX)
    }

    /// As [`Self::delegations_told`], of the persons.
    #[must_use]
    pub fn persons_told(&self) -> (u32, u32) {
        (self.bits >> PERSONS_TOLD & 1, self.persons.into())
    }

    /// The partner unit if there are none or one; otherwise nothing is said here.
    #[must_use]
    pub fn partners(&self) -> Option<&[Key]> {
        match self.bits >> PARTNERS & TWO_BITS {
            0 => Some(&[]),
            1 => Some(std::slice::from_ref(&self.partner)),
            _ => None,
        }
    }

    /// The programme if there are none or one; otherwise nothing is said here.
    #[must_use]
    pub fn programme(&self) -> Option<Option<Symbol>> {
        match self.programme {
            NO_PROGRAMME => Some(None),
            SEVERAL_PROGRAMMES => None,
            one => Some(Some(Symbol::of_number(one.into()))),
        }
    }
}

impl Rest {
    /// Position in the journal's log.
    pub fn log_index(&self) -> i64 {
        self.log
            .iter()
            .fold(0, |position, byte| position << 8 | i64::from(*byte))
    }
}

impl Quantity {
    /// A quantity, if its digits fit.
    pub fn pack((key, amount): &(Symbol, Decimal)) -> Option<Self> {
        Some(Self {
            mantissa: i64::try_from(amount.mantissa()).ok()?,
            key: *key,
            scale: u8::try_from(amount.scale()).ok()?,
        })
    }

    pub fn key(&self) -> Symbol {
        self.key
    }

    pub fn amount(&self) -> Decimal {
        Decimal::new(self.mantissa, self.scale.into())
    }
}
