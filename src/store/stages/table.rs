//! A stage table declared once: its columns, their types, what they hold. Writer, reader and reference follow from it.
//!
//! [`table!`] makes a struct with an Arrow array a column. It is filled by name and written with [`Table::batch`]; [`Table::read`] gives the
//! same struct back, and nothing where the file is another. Columns stand in the order of the declaration.

use std::marker::PhantomData;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, Date32Array, Float32Array, Int64Array, ListArray, RecordBatch, StringArray, StructArray,
    UInt32Array, UInt64Array, new_null_array,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, Fields, Schema};
use arrow::error::ArrowError;

/// Whether a column has a value in every row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filled {
    /// In every row.
    Always,
    /// Null where there is none.
    Maybe,
    /// The same, and runs of versions before lack the column.
    Later,
}

/// What is declared of a column.
#[derive(Clone, Debug)]
pub(crate) struct Declared {
    pub(crate) name: &'static str,
    pub(crate) data_type: DataType,
    pub(crate) filled: Filled,
    /// What it holds, in one phrase.
    pub(crate) holds: &'static str,
    /// The columns of a list's items.
    pub(crate) items: Vec<Declared>,
}

impl Declared {
    pub(crate) fn of<C: Column>(name: &'static str, filled: Filled, holds: &'static str) -> Self {
        Self { name, data_type: C::data_type(), filled, holds, items: C::items() }
    }

    fn field(&self) -> Field {
        Field::new(self.name, self.data_type.clone(), self.filled != Filled::Always)
    }
}

/// An array that a column can be.
pub(crate) trait Column: Sized {
    fn data_type() -> DataType;

    fn items() -> Vec<Declared> {
        Vec::new()
    }

    fn array(self) -> ArrayRef;

    /// `None` where it is of another type.
    fn read(array: &ArrayRef) -> Option<Self>;
}

/// A table of [`table!`].
pub(crate) trait Table: Sized {
    /// The file's name without its ending; of items, what they are.
    const NAME: &'static str;
    /// What a row is.
    const ROW: &'static str;

    /// In the file's order.
    fn columns() -> Vec<Declared>;

    /// In the same order.
    fn arrays(self) -> Vec<ArrayRef>;

    /// Columns by name; `None` where one is missing or of another type.
    fn from_columns(column: impl Fn(&str) -> Option<ArrayRef>, rows: usize) -> Option<Self>;

    /// The table as it is written.
    fn batch(self) -> Result<RecordBatch, ArrowError> {
        let fields: Vec<Field> = Self::columns().iter().map(Declared::field).collect();
        RecordBatch::try_new(Arc::new(Schema::new(fields)), self.arrays())
    }

    /// What [`Table::batch`] wrote; `None` where the file is not what it should be.
    fn read(batch: &RecordBatch) -> Option<Self> {
        Self::from_columns(|name| batch.column_by_name(name).cloned(), batch.num_rows())
    }
}

/// A column of a table that is read; one that runs of versions before lack is null in all rows.
pub(crate) fn column<C: Column>(array: Option<ArrayRef>, filled: Filled, rows: usize) -> Option<C> {
    match (array, filled) {
        (Some(array), _) => C::read(&array),
        (None, Filled::Later) => C::read(&new_null_array(&C::data_type(), rows)),
        (None, Filled::Always | Filled::Maybe) => None,
    }
}

/// Declares tables: `/// what a row is`, `Name = "file" { column: Array, Filled, "what it holds"; … }`.
macro_rules! table {
    ($(#[doc = $row:literal] $name:ident = $file:literal { $($column:ident: $array:ty, $filled:ident, $holds:literal;)+ })+) => { $(
        #[doc = $row]
        #[derive(Clone, Debug)]
        pub(crate) struct $name {
            $(#[doc = $holds] pub(crate) $column: $array,)+
        }

        impl $crate::store::stages::table::Table for $name {
            const NAME: &'static str = $file;
            const ROW: &'static str = $row;

            fn columns() -> Vec<$crate::store::stages::table::Declared> {
                use $crate::store::stages::table::{Declared, Filled};
                vec![$(Declared::of::<$array>(stringify!($column), Filled::$filled, $holds)),+]
            }

            fn arrays(self) -> Vec<arrow::array::ArrayRef> {
                use $crate::store::stages::table::Column;
                vec![$(Column::array(self.$column)),+]
            }

            fn from_columns(of: impl Fn(&str) -> Option<arrow::array::ArrayRef>, rows: usize) -> Option<Self> {
                use $crate::store::stages::table::{Filled, column};
                Some(Self { $($column: column(of(stringify!($column)), Filled::$filled, rows)?,)+ })
            }
        }
    )+ };
}

pub(crate) use table;

/// Arrays of one type, as they are.
macro_rules! plain {
    ($($array:ty => $data_type:ident),+ $(,)?) => { $(
        impl Column for $array {
            fn data_type() -> DataType {
                DataType::$data_type
            }

            fn array(self) -> ArrayRef {
                Arc::new(self)
            }

            fn read(array: &ArrayRef) -> Option<Self> {
                array.as_any().downcast_ref::<Self>().cloned()
            }
        }
    )+ };
}

plain! {
    StringArray => Utf8,
    BooleanArray => Boolean,
    UInt32Array => UInt32,
    UInt64Array => UInt64,
    Int64Array => Int64,
    Float32Array => Float32,
    Date32Array => Date32,
}

/// A column of lists, the items of each row being rows of `T`.
#[derive(Clone, Debug)]
pub(crate) struct Items<T>(ListArray, PhantomData<T>);

impl<T: Table> Items<T> {
    /// `items` are those of all rows end to end, `lengths` how many each row has.
    pub(crate) fn new(items: T, lengths: impl Iterator<Item = usize>) -> Self {
        let (fields, item) = (Self::fields(), Self::item());
        let items = StructArray::new(fields, items.arrays(), None);
        Self(ListArray::new(item, OffsetBuffer::from_lengths(lengths), Arc::new(items), None), PhantomData)
    }

    /// The items of a row; `None` where it has no list.
    pub(crate) fn at(&self, row: usize) -> Option<T> {
        let items = self.0.is_valid(row).then(|| self.0.value(row))?;
        let items = items.as_any().downcast_ref::<StructArray>()?;
        T::from_columns(|name| items.column_by_name(name).cloned(), items.len())
    }

    fn fields() -> Fields {
        T::columns().iter().map(Declared::field).collect()
    }

    fn item() -> Arc<Field> {
        Arc::new(Field::new("item", DataType::Struct(Self::fields()), true))
    }
}

impl<T: Table> Column for Items<T> {
    fn data_type() -> DataType {
        DataType::List(Self::item())
    }

    fn items() -> Vec<Declared> {
        T::columns()
    }

    fn array(self) -> ArrayRef {
        Arc::new(self.0)
    }

    fn read(array: &ArrayRef) -> Option<Self> {
        Some(Self(array.as_any().downcast_ref::<ListArray>()?.clone(), PhantomData))
    }
}

/// A column of lists of words.
#[derive(Clone, Debug)]
pub(crate) struct WordLists(ListArray);

impl WordLists {
    /// `words` are those of all rows end to end, `lengths` how many each row has.
    pub(crate) fn new(words: StringArray, lengths: impl Iterator<Item = usize>) -> Self {
        Self(ListArray::new(Self::item(), OffsetBuffer::from_lengths(lengths), Arc::new(words), None))
    }

    /// The words of a row; `None` where it has no list.
    pub(crate) fn at(&self, row: usize) -> Option<impl Iterator<Item = &str>> {
        let words = self.0.values().as_any().downcast_ref::<StringArray>()?;
        let end = |at: usize| usize::try_from(self.0.value_offsets()[at]).unwrap_or(0);
        self.0.is_valid(row).then(|| (end(row)..end(row + 1)).filter_map(|at| said(words, at)))
    }

    fn item() -> Arc<Field> {
        Arc::new(Field::new("item", DataType::Utf8, true))
    }
}

impl Column for WordLists {
    fn data_type() -> DataType {
        DataType::List(Self::item())
    }

    fn array(self) -> ArrayRef {
        Arc::new(self.0)
    }

    fn read(array: &ArrayRef) -> Option<Self> {
        Some(Self(array.as_any().downcast_ref::<ListArray>()?.clone()))
    }
}

/// The text of a row that may have none.
pub(crate) fn said(texts: &StringArray, row: usize) -> Option<&str> {
    texts.is_valid(row).then(|| texts.value(row))
}
