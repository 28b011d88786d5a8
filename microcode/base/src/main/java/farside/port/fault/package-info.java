/// Faults as filters: each implements a port, stands in front of another of its kind, and
/// passes on.
///
/// Beside the ports (`farside.port`) and not among the drivers, so that the simulator, the
/// tests of microcode and the rig stack the same pieces. A filter is handed its generator: the
/// seed governs it. Nothing here does I/O, and nothing here invents a fault that the port's own
/// contract rules out.
package farside.port.fault;
