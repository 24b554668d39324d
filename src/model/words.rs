//! Enums whose variants have a word each: declared, written and read in one place.

/// An enum of which each variant stands beside the word that programs read and, where there is one, that of workbooks: gives `ALL` in the order
/// of declaration, `as_str`, its inverse `parse`, and `plain`.
///
/// ```ignore
/// words! {
///     /// What was answered.
///     #[derive(Clone, Copy)]
///     pub enum Answer {
///         /// Yes.
///         Yes = "yes", "是";
///     }
/// }
/// ```
macro_rules! words {
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$doc:meta])* $variant:ident = $word:expr, $plain:literal;)+ }) => {
        $crate::model::words::words! { $(#[$meta])* $vis enum $name { $($(#[$doc])* $variant = $word;)+ } }

        impl $name {
            /// In the words of the workbooks.
            #[must_use]
            pub fn plain(self) -> &'static str {
                match self { $(Self::$variant => $plain),+ }
            }
        }
    };
    ($(#[$meta:meta])* $vis:vis enum $name:ident { $($(#[$doc:meta])* $variant:ident = $word:expr;)+ }) => {
        $(#[$meta])*
        $vis enum $name {
            $($(#[$doc])* $variant),+
        }

        impl $name {
            /// Every one, in the order of declaration.
            pub const ALL: [Self; [$(stringify!($variant)),+].len()] = [$(Self::$variant),+];

            /// The word for programs.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            #[doc = concat!("The inverse of [`", stringify!($name), "::as_str`].")]
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|known| known.as_str() == text)
            }
        }
    };
}

pub(crate) use words;
