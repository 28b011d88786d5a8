package farside.protocol.nbd;

/// The life of one connection, in the order in which a healthy one lives it.
///
/// | from         | may become                      | because                                   |
/// |--------------|---------------------------------|-------------------------------------------|
/// | CLIENT_FLAGS | OPTION, ENDED                   | flags came; or unknown ones               |
/// | OPTION       | OPTION_DATA, OPTION_SKIP, ENDED | a header came; or a wrong or endless one  |
/// | OPTION_DATA  | OPTION, SECURING, REQUEST,      | it is whole: answered, TLS or the export  |
/// |              | ENDED                           | may be had, or the client left            |
/// | OPTION_SKIP  | OPTION                          | the data of one that is not served passed |
/// | SECURING     | OPTION                          | TLS has begun                             |
/// | REQUEST      | OFFERED, SWALLOW, ENDED         | a header came: good, bad, or the last     |
/// | OFFERED      | REQUEST, PAYLOAD                | the server took it; payload comes next    |
/// | PAYLOAD      | REQUEST, OFFERED                | it has all; or put the write back         |
/// | SWALLOW      | REQUEST                         | the payload of a refused write passed     |
///
/// A bad request without payload is answered in REQUEST, and a taken one without payload put back
/// there.
public enum NbdSessionState {
  CLIENT_FLAGS,
  OPTION,
  OPTION_DATA,
  OPTION_SKIP,
  SECURING,
  REQUEST,
  OFFERED,
  PAYLOAD,
  SWALLOW,
  ENDED;

  public boolean mayBecome(NbdSessionState next) {
    return switch (this) {
      case CLIENT_FLAGS -> next == OPTION || next == ENDED;
      case OPTION -> next == OPTION_DATA || next == OPTION_SKIP || next == ENDED;
      case OPTION_DATA -> next == OPTION || next == SECURING || next == REQUEST || next == ENDED;
      case OPTION_SKIP, SECURING -> next == OPTION;
      case REQUEST -> next == OFFERED || next == SWALLOW || next == ENDED;
      case OFFERED -> next == REQUEST || next == PAYLOAD;
      case PAYLOAD -> next == REQUEST || next == OFFERED;
      case SWALLOW -> next == REQUEST;
      case ENDED -> false;
    };
  }
}
