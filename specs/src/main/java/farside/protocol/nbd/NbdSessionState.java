package farside.protocol.nbd;

/// The life of one connection, in the order in which a healthy one lives it.
///
/// | from         | may become                      | because                                            |
/// |--------------|---------------------------------|----------------------------------------------------|
/// | CLIENT_FLAGS | OPTION, ENDED                   | the client's flags came; or it set unknown ones    |
/// | OPTION       | OPTION_DATA, OPTION_SKIP, ENDED | an option's header came; or a wrong or endless one |
/// | OPTION_DATA  | OPTION, REQUEST, ENDED          | the option is whole: answered, opened or left      |
/// | OPTION_SKIP  | OPTION                          | the data of an option that we do not serve is past |
/// | REQUEST      | OFFERED, SWALLOW, ENDED         | a request's header came: good, bad, or the last    |
/// | OFFERED      | REQUEST, PAYLOAD                | the server took it; a write's payload is next      |
/// | PAYLOAD      | REQUEST, OFFERED                | it has all of it; or put the untouched write back  |
/// | SWALLOW      | REQUEST                         | the payload of a refused write is past             |
///
/// A bad request without payload is answered in REQUEST, and a taken one without payload put back there.
public enum NbdSessionState {
  CLIENT_FLAGS,
  OPTION,
  OPTION_DATA,
  OPTION_SKIP,
  REQUEST,
  OFFERED,
  PAYLOAD,
  SWALLOW,
  ENDED;

  public boolean mayBecome(NbdSessionState next) {
    return switch (this) {
      case CLIENT_FLAGS -> next == OPTION || next == ENDED;
      case OPTION -> next == OPTION_DATA || next == OPTION_SKIP || next == ENDED;
      case OPTION_DATA -> next == OPTION || next == REQUEST || next == ENDED;
      case OPTION_SKIP -> next == OPTION;
      case REQUEST -> next == OFFERED || next == SWALLOW || next == ENDED;
      case OFFERED -> next == REQUEST || next == PAYLOAD;
      case PAYLOAD -> next == REQUEST || next == OFFERED;
      case SWALLOW -> next == REQUEST;
      case ENDED -> false;
    };
  }
}
