#!/usr/bin/env escript
%%! +S 1
%% Plays the scripts that supervisor_scripts prints on OTP's own supervisor, and compares who is
%% started and stopped, in which order, what requests come to, and how the supervisor ends.
%%
%%   supervisor_scripts 1 2000 > scripts && escript otp_cross_check.escript scripts
%%
%% Time passes by ageing the restarts that the supervisor remembers; a script during which a real
%% second begins is played again.
-mode(compile).
-export([init/1, start/1]).

%% Position of `restarts` in the state of OTP's supervisor.
-define(RESTARTS, 8).

main([File]) ->
    {ok, Text} = file:read_file(File),
    put(lines, string:split(Text, "\n", all)),
    logger:set_primary_config(level, none),
    process_flag(trap_exit, true),
    ets:new(world, [named_table, public]),
    {Scripts, Lines, Wrong} = scripts(0, 0, 0),
    io:format("~b scripts, ~b trace lines, ~b scripts differ~n", [Scripts, Lines, Wrong]),
    halt(case Wrong of 0 when Scripts > 0 -> 0; _ -> 1 end).

scripts(Scripts, Lines, Wrong) ->
    case words() of
        eof -> {Scripts, Lines, Wrong};
        ["script", Seed, Strategy, Max, Period, Auto] ->
            Flags = #{strategy => list_to_atom(Strategy), intensity => list_to_integer(Max),
                      period => list_to_integer(Period), auto_shutdown => list_to_atom(Auto)},
            {Children, Steps, Expected} = body([], [], []),
            Simple = Strategy =:= "simple_one_for_one",
            Want = [tokens(Line, Simple) || Line <- Expected],
            Seen = [tokens(Line, Simple) || Line <- in_one_second(Flags, Children, Steps)],
            Same = Want =:= Seen,
            Same orelse differ(Seed, Flags, Want, Seen),
            scripts(Scripts + 1, Lines + length(Want), Wrong + case Same of true -> 0; _ -> 1 end)
    end.

words() ->
    case get(lines) of
        [<<>>] -> eof;
        [Line | Rest] ->
            put(lines, Rest),
            [binary_to_list(Word) || Word <- binary:split(Line, <<" ">>, [global, trim_all])]
    end.

body(Children, Steps, Traces) ->
    case words() of
        ["child" | Child] -> body([Child | Children], Steps, Traces);
        ["step" | Step] -> body(Children, [Step | Steps], Traces);
        ["trace" | Trace] -> body(Children, Steps, [Trace | Traces]);
        ["end"] -> {lists:reverse(Children), lists:reverse(Steps), lists:reverse(Traces)}
    end.

%% Without what OTP does not show: promises of restarts, and which of its two reasons it had to shut
%% down. The order of stops at the end of simple_one_for_one is undefined.
tokens(Line, Simple) ->
    Shown = [shown(Token) || Token <- Line, hd(Token) =/= $~],
    Ends = lists:any(fun(Token) -> hd(Token) =:= $! end, Shown),
    if
        Simple, Ends -> lists:sort(Shown);
        true -> Shown
    end.

shown("!gave_up") -> "!shutdown";
shown("!auto_shutdown") -> "!shutdown";
shown(Token) -> Token.

differ(Seed, Flags, Want, Seen) ->
    io:format("seed ~s ~p~n", [Seed, Flags]),
    show(Want, Seen).

show([Same | Want], [Same | Seen]) ->
    io:format("  both: ~s~n", [lists:join(" ", Same)]),
    show(Want, Seen);
show(Want, Seen) ->
    Head = fun([Line | _]) -> lists:join(" ", Line); ([]) -> "(over)" end,
    io:format("  ours: ~s~n  otp:  ~s~n", [Head(Want), Head(Seen)]).

in_one_second(Flags, Children, Steps) ->
    Before = erlang:monotonic_time(1),
    Trace = play(Flags, Children, Steps),
    case erlang:monotonic_time(1) of
        Before -> Trace;
        _ -> in_one_second(Flags, Children, Steps)
    end.

%% ---- a script ----

play(Flags, Children, Steps) ->
    ets:delete_all_objects(world),
    ets:insert(world, {sequence, 0}),
    {Before, After} = lists:splitwith(fun(Step) -> hd(Step) =:= "fail_starts" end, Steps),
    [step(none, Flags, Step) || Step <- Before],
    Specs = case Flags of
                #{strategy := simple_one_for_one} -> [template(Steps)];
                _ -> [spec(Child) || Child <- Children]
            end,
    case supervisor:start_link(?MODULE, {Flags, Specs}) of
        {ok, Sup} -> steps(Sup, Flags, After, [settled(Sup, Flags)]);
        {error, {shutdown, {failed_to_start_child, _, _}}} ->
            receive {'EXIT', _, _} -> ok end,
            note("!first_start_failed"),
            [take_notes()]
    end.

steps(_, _, [], [{over, Line} | Trace]) -> lists:reverse([Line | Trace]);
steps(_, _, _, [{over, Line} | Trace]) -> lists:reverse([Line | Trace]);
steps(Sup, _, [], Trace) ->
    exit(Sup, kill),
    receive {'EXIT', Sup, _} -> ok end,
    await_children(),
    lists:reverse(Trace);
steps(Sup, Flags, [Step | Rest], Trace) ->
    step(Sup, Flags, Step),
    steps(Sup, Flags, Rest, [settled(Sup, Flags) | Trace]).

step(_, _, ["fail_starts", Name, Number]) ->
    ets:insert(world, {{fails, Name}, list_to_integer(Number)});
step(_, _, ["exit", Name, How]) ->
    case pid_of(Name) of
        none -> ok;
        Pid ->
            Monitor = monitor(process, Pid),
            Pid ! {die, list_to_atom(How)},
            receive {'DOWN', Monitor, process, Pid, _} -> ok end
    end;
step(Sup, _, ["advance", _, Seconds]) ->
    Older = list_to_integer(Seconds),
    sys:replace_state(Sup, fun(State) ->
        setelement(?RESTARTS, State, [At - Older || At <- element(?RESTARTS, State)])
    end);
step(Sup, _, ["stop", _]) ->
    exit(Sup, shutdown),
    ets:insert(world, {told, true});
step(Sup, #{strategy := simple_one_for_one}, ["start", Name | _]) ->
    answer(supervisor:start_child(Sup, [Name]));
step(Sup, _, ["start" | Child]) ->
    answer(supervisor:start_child(Sup, spec(Child)));
step(Sup, #{strategy := simple_one_for_one}, ["terminate", Name]) ->
    case pid_of(Name) of
        none -> answer({error, not_found});
        Pid -> answer(supervisor:terminate_child(Sup, Pid))
    end;
step(Sup, _, ["terminate", Name]) -> answer(supervisor:terminate_child(Sup, Name));
step(Sup, _, ["restart", Name]) -> answer(supervisor:restart_child(Sup, Name));
step(Sup, _, ["remove", Name]) -> answer(supervisor:delete_child(Sup, Name)).

answer(ok) -> note("=done");
answer({ok, _}) -> note("=done");
answer({error, {already_started, _}}) -> note("=already_running");
answer({error, {bad_combination, _}}) -> note("=invalid_rules");
answer({error, simple_one_for_one}) -> note("=not_dynamic");
answer({error, failed}) -> note("=start_failed");
answer({error, {failed, _}}) -> note("=start_failed");
answer({error, Word}) when is_atom(Word) -> note("=" ++ atom_to_list(Word)).

%% Waits until the supervisor has dealt with everything, and returns the line of the trace.
settled(Sup, Flags) ->
    case catch supervisor:which_children(Sup) of
        {'EXIT', _} ->
            receive {'EXIT', Sup, shutdown} -> ok end,
            note(case ets:member(world, told) of true -> "!stopped"; false -> "!shutdown" end),
            {over, take_notes()};
        Children ->
            Busy = fun({_, Pid, _, _}) ->
                       Pid =:= restarting orelse (is_pid(Pid) andalso not is_process_alive(Pid))
                   end,
            case ets:member(world, told) orelse lists:any(Busy, Children) of
                true -> settled(Sup, Flags);
                false -> take_notes() ++ ["|" | view(Flags, Children)]
            end
    end.

view(#{strategy := simple_one_for_one}, Children) ->
    Order = lists:sort([{ets:lookup_element(world, {order, name(Pid)}, 2), name(Pid)}
                        || {_, Pid, _, _} <- Children]),
    [Name ++ "=up" || {_, Name} <- Order];
view(_, Children) ->
    [Id ++ case Pid of undefined -> "=stopped"; _ -> "=up" end
     || {Id, Pid, _, _} <- lists:reverse(Children)].

%% ---- children ----

init(Spec) -> {ok, Spec}.

spec([Name, Kind, Significant]) ->
    #{id => Name, start => {?MODULE, start, [Name]}, restart => list_to_atom(Kind),
      significant => list_to_atom(Significant), shutdown => 5000}.

template(Steps) ->
    [Kind, Significant] = hd([Rules || ["start", _ | Rules] <- Steps]
                             ++ [["permanent", "false"]]),
    (spec(["template", Kind, Significant]))#{start => {?MODULE, start, []}}.

start(Name) ->
    case ets:lookup(world, {fails, Name}) of
        [{Key, Left}] when Left > 0 ->
            ets:insert(world, {Key, Left - 1}),
            note("x" ++ Name),
            {error, failed};
        _ ->
            note("+" ++ Name),
            Sup = self(),
            Pid = spawn_link(fun() -> child(Name, Sup) end),
            receive {ready, Pid} -> ok end,
            ets:insert(world, [{{pid, Name}, Pid}, {{name, Pid}, Name}]),
            ets:insert_new(world, {{order, Name}, ets:update_counter(world, sequence, 1)}),
            {ok, Pid}
    end.

child(Name, Sup) ->
    process_flag(trap_exit, true),
    Sup ! {ready, self()},
    receive
        {die, Reason} -> exit(Reason);
        {'EXIT', Sup, shutdown} ->
            note("-" ++ Name),
            exit(shutdown);
        {'EXIT', Sup, Reason} -> exit(Reason)
    end.

pid_of(Name) ->
    case ets:lookup(world, {pid, Name}) of
        [{_, Pid}] -> case is_process_alive(Pid) of true -> Pid; false -> none end;
        [] -> none
    end.

name(Pid) -> ets:lookup_element(world, {name, Pid}, 2).

%% Those of a supervisor that was killed, so that the next script begins alone.
await_children() ->
    Alive = [Pid || {{pid, _}, Pid} <- ets:tab2list(world), is_process_alive(Pid)],
    Alive =:= [] orelse begin erlang:yield(), await_children() end.

note(Token) -> ets:insert(world, {{note, ets:update_counter(world, sequence, 1)}, Token}).

take_notes() ->
    Notes = lists:sort([{At, Token} || {{note, At}, Token} <- ets:tab2list(world)]),
    ets:match_delete(world, {{note, '_'}, '_'}),
    [Token || {_, Token} <- Notes].
