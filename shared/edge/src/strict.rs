//! Reading a JSON document into a type, with a code and a pointer for whatever does not fit.
//!
//! `serde_json`'s own errors are texts that repeat the refused value, and would have to be taken
//! apart to tell what was wrong. This deserializer has an error of its own instead, which never holds
//! a value. It is also stricter: an object is not read from an array, and an unknown member is
//! always refused.

use std::fmt;

use domain::refusal::{Code, Refusal};
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Number, Value};

use crate::body::MAX_POINTER_SEGMENT_CHARACTERS;

/// Reads `T` from a document.
pub(crate) fn read<'de, T: Deserialize<'de>>(document: &'de Value) -> Result<T, Refusal> {
    T::deserialize(Strict(document)).map_err(Problem::into_refusal)
}

/// A JSON document in which no object has a member twice. `serde_json`'s `Value` keeps the last.
pub(crate) struct Tree(pub(crate) Value);

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor).map(Self)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Tree(value)) = elements.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some((name, Tree(value))) = members.next_entry::<String, _>()? {
            if values.insert(name, value).is_some() {
                return Err(de::Error::custom("a member stands twice"));
            }
        }
        Ok(Value::Object(values))
    }
}

/// What does not fit, and where. The place is written from the inside out.
#[derive(Debug)]
struct Problem {
    code: Code,
    inside_out: Vec<String>,
}

impl Problem {
    fn new(code: Code) -> Self {
        Self { code, inside_out: Vec::new() }
    }

    fn within(mut self, segment: impl fmt::Display) -> Self {
        self.inside_out.push(segment.to_string());
        self
    }

    /// The refusal, with a JSON pointer (RFC 6901) as its place.
    fn into_refusal(self) -> Refusal {
        let mut pointer = String::new();
        for segment in self.inside_out.iter().rev() {
            if segment.chars().count() > MAX_POINTER_SEGMENT_CHARACTERS {
                break;
            }
            pointer.push('/');
            pointer.push_str(&segment.replace('~', "~0").replace('/', "~1"));
        }
        Refusal::at(self.code, pointer)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code.as_str())
    }
}

impl std::error::Error for Problem {}

impl de::Error for Problem {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::new(Code::WrongType)
    }

    fn unknown_field(field: &str, _: &'static [&'static str]) -> Self {
        Self::new(Code::UnknownMember).within(field)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(Code::MissingMember).within(field)
    }
}

#[derive(Clone, Copy)]
struct Strict<'de>(&'de Value);

impl<'de> Strict<'de> {
    fn object<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        let Value::Object(members) = self.0 else { return Err(Problem::new(Code::WrongType)) };
        match members.keys().find(|name| !fields.contains(&name.as_str())) {
            Some(unknown) => Err(Problem::new(Code::UnknownMember).within(unknown)),
            None => visitor.visit_map(Members::of(members)),
        }
    }

    fn array<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        let Value::Array(values) = self.0 else { return Err(Problem::new(Code::WrongType)) };
        let mut elements = Elements { values: values.iter(), position: 0 };
        let read = visitor.visit_seq(&mut elements)?;
        // What a tuple leaves unread does not belong there.
        if elements.values.next().is_none() { Ok(read) } else { Err(Problem::new(Code::WrongType)) }
    }
}

impl<'de> Deserializer<'de> for Strict<'de> {
    type Error = Problem;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => {
                if let Some(value) = number.as_u64() {
                    visitor.visit_u64(value)
                } else if let Some(value) = number.as_i64() {
                    visitor.visit_i64(value)
                } else if let Some(value) = number.as_f64() {
                    visitor.visit_f64(value)
                } else {
                    Err(Problem::new(Code::WrongType))
                }
            }
            Value::String(value) => visitor.visit_borrowed_str(value),
            Value::Array(_) => self.array(visitor),
            Value::Object(members) => visitor.visit_map(Members::of(members)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        self.object(fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        match self.0 {
            Value::String(name) => visitor.visit_enum(BorrowedStrDeserializer::new(name)),
            Value::Object(members) if members.len() == 1 => match members.iter().next() {
                Some((name, value)) => visitor.visit_enum(Variant { name, value }),
                None => Err(Problem::new(Code::WrongType)),
            },
            _ => Err(Problem::new(Code::WrongType)),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map identifier ignored_any
    }
}

struct Elements<'de> {
    values: std::slice::Iter<'de, Value>,
    position: usize,
}

impl<'de> SeqAccess<'de> for &mut Elements<'de> {
    type Error = Problem;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Problem> {
        let Some(value) = self.values.next() else { return Ok(None) };
        let position = self.position;
        self.position += 1;
        seed.deserialize(Strict(value)).map(Some).map_err(|problem| problem.within(position))
    }
}

struct Members<'de> {
    members: serde_json::map::Iter<'de>,
    value: Option<(&'de str, &'de Value)>,
}

impl<'de> Members<'de> {
    fn of(members: &'de Map<String, Value>) -> Self {
        Self { members: members.iter(), value: None }
    }
}

impl<'de> MapAccess<'de> for Members<'de> {
    type Error = Problem;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Problem> {
        let Some((name, value)) = self.members.next() else { return Ok(None) };
        self.value = Some((name, value));
        // A name that does not read as the map's key is a member that the map does not know.
        seed.deserialize(BorrowedStrDeserializer::<Problem>::new(name))
            .map(Some)
            .map_err(|_| Problem::new(Code::UnknownMember).within(name))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Problem> {
        let (name, value) = self.value.take().ok_or_else(|| Problem::new(Code::WrongType))?;
        seed.deserialize(Strict(value)).map_err(|problem| problem.within(name))
    }
}

/// An enum's variant that has content: `{"name": value}`.
struct Variant<'de> {
    name: &'de str,
    value: &'de Value,
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Problem;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Problem> {
        let variant = seed
            .deserialize(BorrowedStrDeserializer::<Problem>::new(self.name))
            .map_err(|_| Problem::new(Code::UnknownMember).within(self.name))?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = Problem;

    fn unit_variant(self) -> Result<(), Problem> {
        Err(Problem::new(Code::WrongType))
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Problem> {
        seed.deserialize(Strict(self.value)).map_err(|problem| problem.within(self.name))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Problem> {
        Strict(self.value).array(visitor).map_err(|problem| problem.within(self.name))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        Strict(self.value).object(fields, visitor).map_err(|problem| problem.within(self.name))
    }
}
