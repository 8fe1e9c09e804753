//! Turns checked fields into values once nothing is wrong.

/// A tuple of checked fields. `None` anywhere means that a violation was noted for it.
pub trait Whole {
    /// The tuple of the values.
    type Values;

    /// The values, if every field has one.
    fn values(self) -> Option<Self::Values>;
}

macro_rules! whole {
    ($($name:ident),+) => {
        impl<$($name),+> Whole for ($(Option<$name>,)+) {
            type Values = ($($name,)+);

            #[expect(non_snake_case, reason = "type names double as the names of the tuple's parts")]
            fn values(self) -> Option<Self::Values> {
                let ($($name,)+) = self;
                Some(($($name?,)+))
            }
        }
    };
}

whole!(A);
whole!(A, B);
whole!(A, B, C);
whole!(A, B, C, D);
whole!(A, B, C, D, E);
whole!(A, B, C, D, E, F);
whole!(A, B, C, D, E, F, G);
whole!(A, B, C, D, E, F, G, H);
whole!(A, B, C, D, E, F, G, H, I);
whole!(A, B, C, D, E, F, G, H, I, J);
whole!(A, B, C, D, E, F, G, H, I, J, K);
whole!(A, B, C, D, E, F, G, H, I, J, K, L);
