//! Code generated from `proto/zhirong`, and the descriptor set for reflection. Nothing else lives here.
#![allow(clippy::all, clippy::allow_attributes, unreachable_pub, reason = "generated code")]

/// Every file descriptor, imports included, encoded as a `FileDescriptorSet`.
pub const DESCRIPTORS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

macro_rules! package {
    ($name:ident) => {
        pub mod $name {
            pub mod v1 {
                include!(concat!(env!("OUT_DIR"), "/zhirong.", stringify!($name), ".v1.rs"));
            }
        }
    };
}

package!(catalog);
package!(common);
package!(insurance);
package!(intake);
package!(operations);
package!(partner);
package!(statistics);
package!(whitelist);
