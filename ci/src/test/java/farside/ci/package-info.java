/// What checks all of it: the walls between the rooms, and the documents against the code.
///
/// Every complaint names its cure. Nothing depends on this package.
package farside.ci;
