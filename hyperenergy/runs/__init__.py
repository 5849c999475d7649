"""Much work done once: tasks as data, a store in which what is finished survives, and the processes that do it."""
