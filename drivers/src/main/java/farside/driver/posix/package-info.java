/// Calls into the C library that Java has no API for, through the foreign function interface.
///
/// The one package that may suppress `restricted` warnings. The drivers stand on it; it knows no
/// port.
package farside.driver.posix;
