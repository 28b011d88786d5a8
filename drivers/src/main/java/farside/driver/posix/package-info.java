/// The operating system, as thin as it can be: libc calls by `java.lang.foreign`, numbers in,
/// numbers out.
///
/// Every call returns what the kernel returns: a result of 0 or more, or minus the error
/// number. Nothing here decides, retries or throws for an error of the world, with one
/// exception: `ExclusiveFile`, which opens a file so that no other process has it, and is
/// shared by the two drivers that keep data in files (`farside.driver.filedisk`,
/// `farside.driver.nvramfile`). Start at `Posix`. This is the only package of the drivers that
/// may use restricted methods of the foreign-function interface. What other rooms must not come
/// in: no port, no director, no Netty.
package farside.driver.posix;
