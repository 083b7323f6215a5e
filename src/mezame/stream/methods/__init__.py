"""The methods of ``Stream``, by what they are for; the streams that they make are in the files one level up."""
