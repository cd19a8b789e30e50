package dev.fairlead.localhub.https;

/** A request is refused before its body is looked at. */
final class Refusal extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final transient Answer answer;

  Refusal(Answer answer) {
    super("The request is refused: " + answer);
    this.answer = answer;
  }

  /** The answer to the client. */
  Answer answer() {
    return answer;
  }
}
